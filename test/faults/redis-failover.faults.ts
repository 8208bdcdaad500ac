import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type TestCluster,
  type TestServer,
} from '../helpers/servers';
import { eventually } from '../helpers/eventually';
import { startTcpProxy } from '../helpers/tcp-proxy';
import { setTimeout as sleep } from 'node:timers/promises';
import { lostSessions } from './checker';
import type { Device } from './device';
import { isFailure } from './measure';
import { expectNoLeak, withRedis } from './redis-admin';
import { runScenario } from './run-scenario';

/** Replication doesn't wait: what was acknowledged last may be lost, so that rotations repeat themselves. */
const LATEST_WRITES = { sessionsLost: true, writesLost: true };
/** Devices whose tokens somebody else keeps. */
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

test('Sentinel fails over', async () => {
  const { name, sentinels, servers } = await started(startRedisSentinel());
  const [master, replica] = servers;
  const { history } = await runScenario('Sentinel fails over', {
    app: { redis: { name, sentinels } },
    strike: () => master.kill(),
    whenWell: () => expectNoLeak(replica.url),
    allowed: LATEST_WRITES,
  });
  expect(history.operations.filter(isFailure).length).toBeGreaterThan(0);
  expect(await isMaster(replica)).toBe(true);
});

test('A Cluster fails over', async () => {
  const cluster = await started(startRedisCluster({ replicas: true }));
  const masters = cluster.servers.slice(0, 3);
  let lost: TestServer | undefined;
  await runScenario('A Cluster fails over', {
    app: { redis: { nodes: cluster.nodes } },
    async strike({ devices }) {
      lost = await busiestMaster(cluster, devices);
      await lost.kill();
    },
    allowed: LATEST_WRITES,
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
  await eventually('the replica is in step', () => isInStep(replica));
  let copies: Device[] = [];
  let came = 0;
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
      came = await countSessions(replica, copies);
      await withRedis(replica.url, (admin) => admin.replicaof('NO', 'ONE'));
      address.retarget(replica.port);
      address.restore();
    },
    async whenWell() {
      for (const copy of copies) for (const app of [0, 1]) await copy.copy().refresh([app]);
      expect(await countSessions(replica, copies)).toBe(0);
      await expectNoLeak(replica.url);
    },
    allowed: LATEST_WRITES,
  });
  // The promoted replica knew nothing of these ends, and of the logins after them.
  expect(came).toBeGreaterThan(COPIES / 2);
  expect(lostSessions(history.operations).length).toBeGreaterThan(0);
});

/** How many of the sessions that the devices hold the server has. */
function countSessions({ url }: TestServer, devices: readonly Device[]): Promise<number> {
  return withRedis(url, async (admin) => {
    const found = devices.map(({ userId, sessionId }) =>
      admin.hexists(`visa:{${userId}}`, String(sessionId)),
    );
    return (await Promise.all(found)).reduce((sum, each) => sum + each, 0);
  });
}

async function isMaster({ url }: TestServer): Promise<boolean> {
  return (await withRedis(url, (admin) => admin.info('replication'))).includes('role:master');
}

async function isInStep({ url }: TestServer): Promise<boolean> {
  return (await withRedis(url, (admin) => admin.info('replication'))).includes('master_link_status:up');
}

/** The one with most of the users; their keys are spread. */
async function busiestMaster(cluster: TestCluster, devices: readonly Device[]): Promise<TestServer> {
  const users = new Set(devices.flatMap(({ userId }) => userId ?? []));
  const counts = new Map<TestServer, number>();
  for (const user of users) {
    const master = await cluster.masterOf(`visa:{${user}}`);
    counts.set(master, (counts.get(master) ?? 0) + 1);
  }
  const [[busiest] = []] = [...counts].sort(([, one], [, other]) => other - one);
  if (!busiest) throw new Error('Nobody is logged in');
  return busiest;
}
