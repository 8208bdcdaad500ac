import { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { oneTimeTokenStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { startRedisCluster } from '../helpers/servers/servers';
import { newToken } from './samples';

const keyPrefix = randomPrefix();
const redis = connectRedis();
afterAll(() => redis.quit());

const tokensOf = (client: Redis, prefix = keyPrefix) =>
  new RedisRefreshTokenStore(client, { keyPrefix: prefix }).oneTimeTokens();

describe('on a single node', () => runContract(oneTimeTokenStoreContract(() => tokensOf(redis))));

test('the contract holds on a Cluster, where the index may be on another node than the token', async () => {
  const cluster = await startRedisCluster();
  const client = new Redis.Cluster([...cluster.nodes]);
  try {
    const store = new RedisRefreshTokenStore(client).oneTimeTokens();
    for (const { run } of oneTimeTokenStoreContract(() => store)) await run();
  } finally {
    client.disconnect();
    await cluster.stop();
  }
});

test('one of 100 parallel calls by two clients gets the token', async () => {
  const other = connectRedis();
  const stores = [tokensOf(redis), tokensOf(other)] as const;
  for (let round = 0; round < 5; round += 1) {
    const token = newToken();
    await stores[0].create(token);
    const calls = Array.from({ length: 100 }, (_, n) =>
      (n % 2 ? stores[0] : stores[1]).take(token.purpose, token.hash),
    );
    expect((await Promise.all(calls)).filter(Boolean)).toHaveLength(1);
  }
  await other.quit();
});

describe('the keys in Redis', () => {
  test('all expire: a longer token extends the time to live, and a shorter one does not shorten it', async () => {
    const prefix = randomPrefix();
    const store = tokensOf(redis, prefix);
    const long = newToken({ slot: 'long', expiresInSeconds: 3600 });
    const short = newToken({ slot: 'short', expiresInSeconds: 60 });
    for (const token of [short, long, newToken({ slot: 'short too' })]) await store.create(token);
    expect(await redis.pttl(`${prefix}{ann}:tokens`)).toBeGreaterThan(3_500_000);
    await store.take(short.purpose, short.hash);
    expect(await redis.pttl(`${prefix}{ann}:tokens`)).toBeGreaterThan(3_500_000);
    const keys = await redis.keys(`${prefix}*`);
    expect(keys).toHaveLength(5); // of the subject, of the token just taken, and an index for each token
    for (const key of keys) expect(await redis.pttl(key)).toBeGreaterThan(0);
    const index = `${prefix}token:password-reset:${long.hash}`;
    expect(await redis.pttl(index)).toBeGreaterThan(await redis.pttl(`${prefix}{ann}:tokens`));
  });

  test('lose expired tokens when the subject gets its next one', async () => {
    const prefix = randomPrefix();
    const store = tokensOf(redis, prefix);
    await store.create(newToken({ slot: 'old', expiresInSeconds: 1, now: new Date(Date.now() - 5000) }));
    await store.create(newToken({ slot: 'new' }));
    expect(await redis.hkeys(`${prefix}{ann}:tokens`)).toEqual(['password-reset:new']);
  });

  test('may have an index without its token after a crash, which finds nothing', async () => {
    const prefix = randomPrefix();
    const store = tokensOf(redis, prefix);
    const { purpose, hash } = newToken();
    await redis.hset(`${prefix}token:${purpose}:${hash}`, { subject: 'ann', slot: '' });
    expect(await store.find(purpose, hash)).toBeUndefined();
    expect(await store.take(purpose, hash)).toBeUndefined();
  });

  test('may have a token in a future format, which counts as absent and stays until it is removed', async () => {
    const prefix = randomPrefix();
    const store = tokensOf(redis, prefix);
    const token = newToken();
    await store.create(token);
    const key = `${prefix}{ann}:tokens`;
    await redis.hset(key, 'password-reset:', `2\n${token.hash}\n${Date.now() + 60_000}\n`);
    await store.create(newToken({ slot: 'another' }));
    expect(await store.find(token.purpose, token.hash)).toBeUndefined();
    expect(await store.take(token.purpose, token.hash)).toBeUndefined();
    expect(await redis.hlen(key)).toBe(2);
    expect(await store.removeAll('ann')).toBe(2);
  });

  test('keep a user’s tokens and sessions separate', async () => {
    const prefix = randomPrefix();
    const store = new RedisRefreshTokenStore(redis, { keyPrefix: prefix });
    const now = new Date();
    const expiresAt = new Date(now.getTime() + 60_000);
    const session = { userId: 'ann', sessionId: 'one', createdAt: now, authTime: now, remember: false };
    await store.create({ ...session, expiresAt });
    const token = newToken();
    await store.oneTimeTokens().create(token);
    expect(await store.list('ann')).toHaveLength(1);
    expect(await store.oneTimeTokens().removeAll('ann')).toBe(1);
    await store.oneTimeTokens().create(token);
    expect(await store.revokeAll('ann')).toEqual(['one']);
    expect(await store.oneTimeTokens().take(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
  });
});

test('a token created with a clock that runs ahead drops no other token', async () => {
  const store = tokensOf(redis, randomPrefix());
  const tokens = Array.from({ length: 4 }, (_, n) => newToken({ slot: String(n) }));
  for (const token of tokens) await store.create(token);
  await store.create(newToken({ slot: 'ahead', now: new Date(Date.now() + 86_400_000) }));
  for (const { purpose, hash } of tokens) expect(await store.find(purpose, hash)).toBeDefined();
});
