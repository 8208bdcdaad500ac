import { setTimeout as sleep } from 'node:timers/promises';
import { RedisRefreshTokenStore } from '../../src';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { randomPrefix } from '../helpers/apps/backends';
import { NODE_REDIS, sharedRedisUrl, type ConnectedClient } from '../helpers/apps/redis-clients';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { eventually } from '../helpers/eventually';
import { healed } from '../helpers/healed';
import {
  startRedis,
  startRedisCluster,
  startRedisSentinel,
  type TestServer,
} from '../helpers/servers/servers';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { waitUntilReplicated } from '../helpers/servers/wait-until-replicated';
import { newFollower, newSession, newToken } from './samples';
import { within } from '../helpers/within';

/** What a store does with a client: sessions, limits, tokens that can be used once. Each call is alone, and rejects in an outage. */
const CALLS: ((store: RedisRefreshTokenStore) => Promise<unknown>)[] = [
  (store) => store.list('ann'),
  (store) => store.create(newSession('ann', 'one')),
  (store) => store.revokeAll('bob'),
  (store) => store.time(),
  (store) => store.attemptCounter('login', 60).increment('ann'),
  (store) => store.oneTimeTokens().removeAll('ann'),
];
const answered = (call: Promise<unknown>) => call.then(() => true, () => false); // prettier-ignore
const answersOf = (store: RedisRefreshTokenStore) => Promise.all(CALLS.map((call) => answered(call(store))));
const ALL = CALLS.map(() => true);
const NONE = CALLS.map(() => false);
const LIMIT_MS = 2000;
/** Longer than the deadline of a rotation. */
const OUTAGE_MS = REAL.writeDeadline + 1000;

const lifetimes = { expiresInSeconds: 3600, maxLifetimeSeconds: 3600, reuseWindowSeconds: 1 };
const rotation = { userId: 'ann', sessionId: 'one', generation: 1, ...lifetimes };
const generationOf = async (store: RedisRefreshTokenStore) => (await store.find('ann', 'one'))?.generation;

let closing: (() => unknown)[] = [];
afterEach(async () => {
  useCallTimes(PATIENT);
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function opened<T extends { stop(): Promise<void> } | { end(): void } | { close(): Promise<void> }>(
  opening: Promise<T>,
): Promise<T> {
  const it = await opening;
  closing.push(() => ('stop' in it ? it.stop() : 'end' in it ? it.end() : it.close()));
  return it;
}

describe.each(Object.entries(NODE_REDIS))('with %s', (name, library) => {
  /** What waits longest is tested on the newer version alone. */
  const isLatest = name === 'node-redis 6';

  test('a frozen server is an outage, each command of the app runs once, and no rotation runs later', async () => {
    const server = await opened(startRedis());
    const { client, send } = await opened(library.connect(server.url));
    const store = new RedisRefreshTokenStore(client);
    expect(await answersOf(store)).toEqual(ALL);
    const connection = await send('CLIENT', 'ID');
    useCallTimes(REAL);
    server.freeze();
    const increments = Promise.all(Array.from({ length: 1000 }, () => send('INCR', 'counted by the app')));
    await expect(within(LIMIT_MS, () => store.rotate(rotation))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(await within(LIMIT_MS, () => answersOf(store))).toEqual(NONE);
    await sleep(OUTAGE_MS);
    server.thaw();
    await increments;
    await healed(() => store.list('ann'));
    expect(await generationOf(store)).toBe(0);
    expect(await send('GET', 'counted by the app')).toBe('1000');
    expect(await send('CLIENT', 'ID')).toBe(connection);
    expect((await store.rotate(rotation)).outcome).toBe('rotated');
  });

  test('a killed server is an outage, nothing of it runs later, and the app goes on by itself', async () => {
    const server = await opened(startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }));
    const { client, send } = await opened(library.connect(server.url));
    const store = new RedisRefreshTokenStore(client);
    expect(await answersOf(store)).toEqual(ALL);
    useCallTimes(REAL);
    await server.kill();
    const waiting = send('INCR', 'counted by the app');
    await expect(within(LIMIT_MS, () => store.rotate(rotation))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(await within(LIMIT_MS, () => answersOf(store))).toEqual(NONE);
    await server.restart();
    expect(await waiting).toBe(1);
    await healed(() => store.list('ann'));
    expect(await generationOf(store)).toBe(0);
    expect((await store.rotate(rotation)).outcome).toBe('rotated');
  });

  test('a script whose answer is lost is repeated, so a token that it took is not lost', async () => {
    const proxy = await opened(startTcpProxy(Number(new URL(sharedRedisUrl()).port)));
    const { client } = await opened(library.connect(`redis://127.0.0.1:${proxy.port}`));
    const tokens = new RedisRefreshTokenStore(client, { keyPrefix: randomPrefix() }).oneTimeTokens();
    const token = newToken({ data: 'waits' });
    await tokens.create(token);
    expect(await tokens.find(token.purpose, token.hash)).toBeDefined();
    let lost = 0;
    useCallTimes(REAL); // the repetition comes before the call gives up
    proxy.loseAnswers((answer) => lost === 0 && answer.includes(token.hash) && (lost += 1) > 0);
    expect(await tokens.take(token.purpose, token.hash)).toMatchObject({ hash: token.hash, data: 'waits' });
    useCallTimes(PATIENT);
    expect(lost).toBe(1);
    expect(await tokens.take(token.purpose, token.hash)).toBeUndefined();
  });

  test("a dead line is replaced by a connection of the store's own, which ends with the app's client", async () => {
    const server = await opened(startRedis());
    const proxy = await opened(startTcpProxy(server.port));
    const app = await opened(library.connect(`redis://127.0.0.1:${proxy.port}`));
    const observer = await opened(library.connect(server.url));
    const events: string[] = [];
    for (const event of ['reconnecting', 'end', 'error']) app.client.on(event, () => events.push(event));
    const store = new RedisRefreshTokenStore(app.client);
    const feed = store.followRevocations(newFollower());
    const counter = store.attemptCounter('login', 60);
    expect((await counter.increment('eve')).count).toBe(1);
    for (let round = 0; round < (isLatest ? 2 : 1); round += 1) {
      useCallTimes(REAL);
      proxy.silence();
      expect(await answersOf(store)).toEqual(NONE);
      await healed(() => store.list('ann'));
      expect(await answersOf(store)).toEqual(ALL);
      expect(await counter.has?.('eve')).toBe(true);
      expect(events).toEqual([]);
    }
    app.end();
    const lines = async () => String(await observer.send('CLIENT', 'LIST')).trim().split('\n').length; // prettier-ignore
    await eventually('all connections of the store have ended', async () => (await lines()) === 1);
    feed.close();
  });

  test('the contracts hold on a Cluster, and it fails over without a session lost', async () => {
    const cluster = await opened(startRedisCluster({ replicas: true }));
    const app = await opened(library.connectCluster(cluster));
    const store = new RedisRefreshTokenStore(app.client);
    for (const { run } of [
      ...refreshTokenStoreContract(() => store),
      ...revocationContract(() => store).filter(({ name }) => !name.includes('thousands')),
      ...oneTimeTokenStoreContract(() => store.oneTimeTokens()),
    ])
      await run();
    await failsOver(store, app, await cluster.masterOf('visa:{ann}'));
  });

  const losses: [string, (master: TestServer) => Promise<void>][] = [
    ['killed', (master) => master.kill()],
    ['frozen', (master) => Promise.resolve(master.freeze())],
  ];
  test.each(losses.slice(0, isLatest ? 2 : 1))(
    'a Sentinel whose master is %s fails over without a session lost',
    async (_what, lose) => {
      const sentinel = await opened(startRedisSentinel());
      const app = await opened(library.connectSentinel(sentinel));
      const store = new RedisRefreshTokenStore(app.client);
      await failsOver(store, app, sentinel.servers[0], lose);
    },
  );

  (isLatest ? test : test.skip)(
    'a store goes on after a Sentinel and all its servers were down',
    async () => {
      const { sentinel, servers, ...names } = await opened(startRedisSentinel());
      const app = await opened(library.connectSentinel(names));
      const store = new RedisRefreshTokenStore(app.client);
      expect(await answersOf(store)).toEqual(ALL);
      useCallTimes(REAL);
      await Promise.all([sentinel, ...servers].map((each) => each.kill()));
      expect(await within(LIMIT_MS, () => answersOf(store))).toEqual(NONE);
      await sleep(3000);
      await Promise.all(servers.map((each) => each.restart()));
      await sentinel.restart();
      await healed(() => store.list('ann'));
    },
  );
});

/** The session is there after the failover, and calls are answered or rejected in time throughout. */
async function failsOver(
  store: RedisRefreshTokenStore,
  { send }: ConnectedClient,
  master: TestServer,
  lose: (master: TestServer) => Promise<void> = (each) => each.kill(),
): Promise<void> {
  await store.create(newSession('ann', 'one'));
  await waitUntilReplicated(master, 'visa:{ann}:last');
  expect(await send('EXISTS', 'visa:{ann}')).toBe(1);
  useCallTimes(REAL);
  await lose(master);
  await expect(within(LIMIT_MS, () => store.rotate(rotation))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  await healed(() => store.list('ann'));
  expect(await generationOf(store)).toBe(0);
  expect((await store.rotate(rotation)).outcome).toBe('rotated');
}
