import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type TestServer,
} from '../helpers/servers/servers';
import { eventually } from '../helpers/eventually';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { setTimeout as sleep } from 'node:timers/promises';
import { lostSessions } from './checker';
import type { Device } from './device';
import { busiestMaster, expectNoLeak, isMaster, LATEST_WRITES_LOST, withRedis } from './redis-admin';
import { isFailure } from './history';
import { runScenario } from './run-scenario';

/** How many devices have a second device that keeps their tokens. */
const COPIES = 6;

let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function started<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

test.each([
  ['Sentinel fails over', 'ioredis'],
  ['node-redis: Sentinel fails over', 'redis'],
] as const)('%s', async (scenario, library) => {
  const { name, sentinels, servers } = await started(startRedisSentinel());
  const [master, replica] = servers;
  const { history } = await runScenario(scenario, {
    app: { redis: { name, sentinels, library } },
    strike: () => master.kill(),
    afterHealing: () => expectNoLeak(replica.url),
    allowed: LATEST_WRITES_LOST,
  });
  expect(history.operations.filter(isFailure).length).toBeGreaterThan(0);
  expect(await isMaster(replica)).toBe(true);
});

test.each([
  ['A Cluster fails over', 'ioredis'],
  ['node-redis: A Cluster fails over', 'redis'],
] as const)('%s', async (scenario, library) => {
  const cluster = await started(startRedisCluster({ replicas: true }));
  const masters = cluster.servers.slice(0, 3);
  let lost: TestServer | undefined;
  await runScenario(scenario, {
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

test('A replica is promoted without the last writes', async () => {
  const master = await started(startRedis());
  const link = await startTcpProxy(master.port);
  const address = await startTcpProxy(master.port);
  closing.push(link.close, address.close);
  const replica = await started(startRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] }));
  await eventually('the replica is in sync', () => isInSync(replica));
  let copies: Device[] = [];
  let revived = 0;
  const { history } = await runScenario('A replica is promoted without the last writes', {
    app: { redis: { url: `redis://127.0.0.1:${address.port}` } },
    async strike({ devices }) {
      link.cut();
      const loggedIn = devices.filter(({ isLoggedIn }) => isLoggedIn).slice(0, COPIES);
      copies = loggedIn.map((device) => device.copy());
      for (const device of loggedIn) await device.logout();
      await sleep(3000);
      address.cut();
      await master.kill();
    },
    lastsMs: 500,
    async repair() {
      revived = await countSessions(replica, copies);
      await withRedis(replica.url, (admin) => admin.replicaof('NO', 'ONE'));
      address.retarget(replica.port);
      address.restore();
    },
    async afterHealing() {
      for (const copy of copies) for (const app of [0, 1]) await copy.copy().refresh([app]);
      expect(await countSessions(replica, copies)).toBe(0);
      await expectNoLeak(replica.url);
    },
    allowed: LATEST_WRITES_LOST,
  });
  // The promoted replica had received neither these logouts nor the logins after them.
  expect(revived).toBeGreaterThan(COPIES / 2);
  expect(lostSessions(history.operations).length).toBeGreaterThan(0);
});

/** How many of the devices' sessions are in the server. */
function countSessions({ url }: TestServer, devices: readonly Device[]): Promise<number> {
  return withRedis(url, async (admin) => {
    const found = devices.map(({ userId, sessionId }) =>
      admin.hexists(`visa:{${userId}}`, String(sessionId)),
    );
    return (await Promise.all(found)).reduce((sum, each) => sum + each, 0);
  });
}

async function isInSync({ url }: TestServer): Promise<boolean> {
  return (await withRedis(url, (admin) => admin.info('replication'))).includes('master_link_status:up');
}
