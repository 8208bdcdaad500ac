import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { randomPrefix } from '../helpers/apps/backends';
import { ENDS_AT_ONCE } from '../helpers/apps/redis-clients';
import { eventually } from '../helpers/eventually';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';
import { healed } from '../helpers/healed';
import { startRedis, type TestServer } from '../helpers/servers/servers';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { newFollower, newSession } from './samples';

afterEach(() => useCallTimes(PATIENT));

/** What a store does with a client: sessions, limits, tokens that can be used once. Each call is alone, and rejects in an outage. */
const CALLS: [string, (store: RedisRefreshTokenStore) => Promise<unknown>][] = [
  ['list', (store) => store.list('ann')],
  ['create', (store) => store.create(newSession('ann', 'one'))],
  ['revokeAll', (store) => store.revokeAll('bob')],
  ['time', (store) => store.time()],
  ['an attempt', (store) => store.attemptCounter('login', 60).increment('ann')],
  ['a token', (store) => store.oneTimeTokens().removeAll('ann')],
];
const answered = (call: Promise<unknown>) => call.then(() => true, () => false); // prettier-ignore
const answersOf = (store: RedisRefreshTokenStore) =>
  Promise.all(CALLS.map(([, call]) => answered(call(store))));

describe('a Redis server that freezes', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  test("runs each of the app's own commands once, whatever the store does to recover", async () => {
    const redis = new Redis(server.url, ENDS_AT_ONCE);
    const store = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
    try {
      expect(await answersOf(store)).toEqual(CALLS.map(() => true));
      const connection = await redis.client('ID');
      useCallTimes(REAL);
      server.freeze();
      const increments = Promise.all(Array.from({ length: 1000 }, () => redis.incr('counted by the app')));
      expect(await answersOf(store)).toEqual(CALLS.map(() => false));
      server.thaw();
      await increments;
      await healed(() => store.list('ann'));
      expect(await redis.get('counted by the app')).toBe('1000');
      expect(await redis.client('ID')).toBe(connection);
    } finally {
      server.thaw();
      redis.disconnect();
    }
  });
});

test("a store whose line is dead recovers over a connection of its own, and leaves the app's client alone", async () => {
  const proxy = await startTcpProxy(Number(new URL(process.env['TEST_REDIS_URL'] ?? '').port));
  // Would end its own connection for good, if it were ever lost.
  const redis = new Redis(`redis://127.0.0.1:${proxy.port}`, { retryStrategy: () => null, ...ENDS_AT_ONCE });
  const statuses: string[] = [];
  for (const status of ['close', 'reconnecting', 'end']) redis.on(status, () => statuses.push(status));
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const counter = store.attemptCounter('login', 60);
  try {
    expect((await counter.increment('ann')).count).toBe(1);
    useCallTimes(REAL);
    proxy.silence();
    expect(await answersOf(store)).toEqual(CALLS.map(() => false));
    await healed(() => store.list('ann'));
    expect(await answersOf(store)).toEqual(CALLS.map(() => true));
    // A counter from before goes on over the new connection.
    expect((await counter.increment('eve')).count).toBe(1);
    await counter.hold('eve', 60);
    expect(await counter.has?.('eve')).toBe(true);
    await counter.reset('eve');
    expect([redis.status, statuses]).toEqual(['ready', []]);
    // A second dead line is replaced too, which is the store's own.
    useCallTimes(REAL);
    proxy.silence();
    await answersOf(store);
    await healed(() => store.list('ann'));
    expect([redis.status, statuses]).toEqual(['ready', []]);
  } finally {
    redis.disconnect();
    await proxy.close();
  }
});

test("a store's own connections end with the app's client", async () => {
  const server = await startRedis();
  const proxy = await startTcpProxy(server.port);
  const redis = new Redis(`redis://127.0.0.1:${proxy.port}`, ENDS_AT_ONCE);
  const observer = new Redis(server.url);
  const connections = async () =>
    String(await observer.client('LIST'))
      .trim()
      .split('\n').length;
  try {
    const store = new RedisRefreshTokenStore(redis);
    const feed = store.followRevocations(newFollower());
    expect(await answersOf(store)).toEqual(CALLS.map(() => true));
    useCallTimes(REAL);
    proxy.silence();
    await answersOf(store);
    await healed(() => store.list('ann'));
    redis.disconnect();
    await eventually('all connections of the store have ended', async () => (await connections()) === 1);
    feed.close();
  } finally {
    redis.disconnect();
    observer.disconnect();
    await proxy.close();
    await server.stop();
  }
});
