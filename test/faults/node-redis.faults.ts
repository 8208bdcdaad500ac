import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type TestServer,
} from '../helpers/servers/servers';
import { isFailure } from './measure';
import { busiestMaster, expectNoLeak, isMaster, LATEST_WRITES_LOST } from './redis-admin';
import { runScenario } from './run-scenario';

/** Scenarios of redis.faults.ts and redis-failover.faults.ts, with node-redis 6. */
const library = 'redis';
const AOF = ['--appendonly', 'yes', '--appendfsync', 'always'];

let servers: { stop(): Promise<void> };
async function started<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const it = await starting;
  servers = it;
  return it;
}
const start = (args: readonly string[] = []) => started(startRedis({ args }));
afterEach(() => servers.stop());

test('node-redis: Redis with AOF is killed and restarted', async () => {
  const { url, kill, restart } = await start(AOF);
  await runScenario('node-redis: Redis with AOF is killed and restarted', {
    app: { redis: { url, library } },
    strike: kill,
    repair: restart,
    afterHealing: () => expectNoLeak(url),
  });
});

test('node-redis: Redis is frozen for 5 s', async () => {
  const { url, freeze, thaw } = await start();
  await runScenario('node-redis: Redis is frozen for 5 s', {
    app: { redis: { url, library } },
    strike: freeze,
    repair: thaw,
    lastsMs: 5000,
    afterHealing: () => expectNoLeak(url),
  });
});

test('node-redis: Sentinel fails over', async () => {
  const { name, sentinels, servers: nodes } = await started(startRedisSentinel());
  const [master, replica] = nodes;
  const { history } = await runScenario('node-redis: Sentinel fails over', {
    app: { redis: { name, sentinels, library } },
    strike: () => master.kill(),
    allowed: LATEST_WRITES_LOST,
  });
  expect(history.operations.filter(isFailure).length).toBeGreaterThan(0);
  expect(await isMaster(replica)).toBe(true);
});

test('node-redis: A Cluster fails over', async () => {
  const cluster = await started(startRedisCluster({ replicas: true }));
  const masters = cluster.servers.slice(0, 3);
  let lost: TestServer | undefined;
  await runScenario('node-redis: A Cluster fails over', {
    app: { redis: { nodes: cluster.nodes, library } },
    async strike({ devices }) {
      lost = await busiestMaster(cluster, devices);
      await lost.kill();
    },
    allowed: LATEST_WRITES_LOST,
  });
  const promoted = await Promise.all(cluster.servers.slice(3).map(isMaster));
  expect(promoted).toEqual(masters.map((master) => master === lost));
});
