import { setTimeout as sleep } from 'node:timers/promises';
import { Redis, type Cluster } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { eventually } from '../helpers/eventually';
import { startRedisCluster, type TestCluster } from '../helpers/servers/servers';
import { newFollower, newSession } from './samples';
import { PATIENT, REAL, useCallTimes } from '../helpers/call-times';

const HOUR_MS = 60 * 60 * 1000;
const keyPrefix = randomPrefix();
const redis = connectRedis();
afterAll(() => redis.quit());

describe('on a single node', () => {
  runContract(refreshTokenStoreContract(() => new RedisRefreshTokenStore(redis, { keyPrefix })));
  runContract(revocationContract(() => new RedisRefreshTokenStore(redis, { keyPrefix })));
});

describe('on a Cluster', () => {
  let cluster: TestCluster;
  let client: Cluster;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    client = new Redis.Cluster([...cluster.nodes]);
  });
  afterAll(async () => {
    client.disconnect();
    await cluster.stop();
  });

  runContract(refreshTokenStoreContract(() => new RedisRefreshTokenStore(client)));
  runContract(revocationContract(() => new RedisRefreshTokenStore(client)));

  test('the store counts attempts', async () => {
    const counter = new RedisRefreshTokenStore(client).attemptCounter('login', 60);
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await counter.increment(key);
      await counter.hold(key, 30);
      expect((await counter.increment(key)).count).toBe(2);
      await counter.reset(key);
      expect((await counter.increment(key)).count).toBe(1);
    }
  });
});

describe('an end of a session that could not be announced', () => {
  const request = { expiresInSeconds: 3600, maxLifetimeSeconds: 7200, reuseWindowSeconds: 0 };
  const rotate = (store: RedisRefreshTokenStore, generation: number) =>
    store.rotate({ userId: 'ann', sessionId: 'one', generation, ...request });

  test.each<[string, (store: RedisRefreshTokenStore) => Promise<unknown>, unknown]>([
    ['revoke', (store) => store.revoke('ann', 'one'), false],
    ['revokeAll', (store) => store.revokeAll('ann'), []],
    ['a reuse', (store) => rotate(store, 1), { outcome: 'unknown' }],
  ])('is announced when the call is repeated: %s', async (_what, end, answer) => {
    const prefix = randomPrefix();
    const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
    const received: unknown[] = [];
    const feed = new RedisRefreshTokenStore(redis, { keyPrefix: prefix }).followRevocations(
      newFollower({
        onRevoked: (revocation) => received.push(revocation),
      }),
    );
    const own = store.followRevocations(newFollower());
    await store.create(newSession('ann', 'one'));
    await rotate(store, 2);

    await redis.set(`${prefix}revocations`, 'what no log can be written to');
    await expect(end(store)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await store.find('ann', 'one')).toBeUndefined();
    expect(await redis.pttl(`${prefix}{ann}:ended`)).toBeGreaterThan(0);
    await redis.del(`${prefix}revocations`);
    expect(await end(store)).toEqual(answer);
    await eventually('it was received', () => Promise.resolve(received.length > 0));
    expect(received).toEqual([{ userId: 'ann', sessionIds: ['one'] }]);
    await eventually('the outbox is empty', async () => (await redis.exists(`${prefix}{ann}:ended`)) === 0);
    feed.close();
    own.close();
  });
});

test('thousands of sessions of one user end in few commands: a process that closes as many sockets waits long for each answer', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  const received = new Set<string>();
  const feed = store.followRevocations(
    newFollower({ onRevoked: ({ sessionIds }) => sessionIds.forEach((id) => received.add(id)) }),
  );
  const ids = Array.from({ length: 1900 }, (_, n) => `session ${n}`);
  await Promise.all(ids.map((id) => store.create(newSession('ann', id))));
  const commands = jest.spyOn(redis, 'sendCommand');
  expect((await store.revokeAll('ann')).sort()).toEqual([...ids].sort());
  expect(commands.mock.calls.length).toBeLessThanOrEqual(12);
  commands.mockRestore();
  await eventually('all were received', () => Promise.resolve(received.size === ids.length));
  await eventually('the outbox is empty', async () => (await redis.exists(`${prefix}{ann}:ended`)) === 0);
  feed.close();
});

test('the log is kept for the longest lifetime of access tokens', async () => {
  const prefix = randomPrefix();
  const follow = (keepForSeconds: number) =>
    new RedisRefreshTokenStore(redis, { keyPrefix: prefix }).followRevocations(
      newFollower({ keepForSeconds }),
    );
  const [long, short] = [follow(7200), follow(60)];
  await long.announce({ userId: 'ann', sessionIds: ['one'] });
  await short.announce({ userId: 'ann', sessionIds: ['two'] });
  expect(await redis.pttl(`${prefix}revocations`)).toBeGreaterThan(7_000_000);
  long.close();
  short.close();
});

test('the log of revocations expires by itself, and keeps no more than it must', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  const feed = store.followRevocations(newFollower({ keepForSeconds: 1 }));
  const log = `${prefix}revocations`;
  const timesToLive: number[] = [];
  for (let n = 0; n < 500; n += 1) {
    await feed.announce({ userId: 'ann', sessionIds: [`session ${n}`] });
    timesToLive.push(await redis.pttl(log));
  }
  expect(timesToLive).not.toContain(-1);
  expect(Math.max(...timesToLive)).toBeGreaterThan(0); // on a busy machine some may be over by now
  await sleep(900);
  await feed.announce({ userId: 'ann', sessionIds: ['later'] });
  await sleep(400);
  await feed.announce({ userId: 'ann', sessionIds: ['last'] });
  expect(await redis.xlen(log)).toBeLessThanOrEqual(200);
  feed.close();
  await sleep(1200);
  expect(await redis.exists(log)).toBe(0);
});

test('every key has a time to live, which a longer session extends and a shorter one does not shorten', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  const key = `${prefix}{ann}`;
  await store.create(newSession('ann', 'long', 2 * HOUR_MS));
  expect(await redis.pttl(key)).toBeGreaterThan(HOUR_MS);
  await store.create(newSession('ann', 'short', 1000));
  expect(await redis.pttl(key)).toBeGreaterThan(HOUR_MS);
  await store.rotate({
    ...{ userId: 'ann', sessionId: 'long', generation: 1, reuseWindowSeconds: 30 },
    ...{ expiresInSeconds: 10 * 3600, maxLifetimeSeconds: 100 * 3600 },
  });
  expect(await redis.pttl(key)).toBeGreaterThan(9 * HOUR_MS);
  await store.attemptCounter('login', 60).increment('ann');
  for (const each of await redis.keys(`${prefix}*`)) expect(await redis.pttl(each)).toBeGreaterThan(0);
});

test('logins remove expired sessions', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  await store.create(newSession('ann', 'old', -1000));
  await store.create(newSession('ann', 'new'));
  expect(await redis.hkeys(`${prefix}{ann}`)).toEqual(['new']);
});

test('scripts survive SCRIPT FLUSH', async () => {
  const store = new RedisRefreshTokenStore(redis, { keyPrefix });
  await store.create(newSession('flushed', 'one'));
  await redis.script('FLUSH');
  await store.create(newSession('flushed', 'two'));
  expect((await store.list('flushed')).length).toBe(2);
});

test('the store works with a client that uses RESP2 and adds its own prefix', async () => {
  const prefixed = connectRedis({ keyPrefix: randomPrefix() });
  const store = new RedisRefreshTokenStore(prefixed);
  await store.create(newSession('ann', 'one'));
  expect((await store.list('ann')).map(({ sessionId }) => sessionId)).toEqual(['one']);
  await prefixed.quit();
});

test('the store refuses a prefix that would take over the hash tag', () => {
  expect(() => new RedisRefreshTokenStore(redis, { keyPrefix: 'app:{x}:' })).toThrow(
    'keyPrefix must not contain',
  );
});

test('the store sends nothing until it is used, and then connects a lazy client', async () => {
  const lazy = connectRedis({ lazyConnect: true });
  const store = new RedisRefreshTokenStore(lazy, { keyPrefix });
  expect(lazy.status).toBe('wait');
  expect(await store.list('nobody')).toEqual([]);
  await lazy.quit();
});

test('a rotation that runs long after its request timed out writes nothing', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  await store.create(newSession('ann', 'one'));
  const lifetimes = { expiresInSeconds: 60, maxLifetimeSeconds: 60, reuseWindowSeconds: 0 };
  const request = { userId: 'ann', sessionId: 'one', generation: 1, ...lifetimes };
  const realNow = Date.now;
  useCallTimes(REAL);
  try {
    // As if ioredis sent it again after a reconnect, two seconds late.
    Date.now = () => realNow() - 2000;
    await expect(store.rotate(request)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(await store.find('ann', 'one')).toMatchObject({ generation: 0 });
    // After the clock was set back, later rotations must not all count as late.
    expect((await store.rotate(request)).outcome).toBe('rotated');
  } finally {
    useCallTimes(PATIENT);
    Date.now = realNow;
  }
});

test('keys have a time to live even if the clock of the process is wrong', async () => {
  const prefix = randomPrefix();
  const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
  const long = new Date('2024-01-01T00:00:00Z');
  const session = { ...newSession('ann', 'one'), createdAt: long, authTime: long };
  await store.create({ ...session, expiresAt: new Date(long.getTime() + HOUR_MS) });
  expect(await redis.pttl(`${prefix}{ann}`)).toBeGreaterThan(0);
});
