import type { Redis, RedisOptions } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';

/** What an app may have told ioredis. The contract is the same for all of them. */
describe.each<[string, RedisOptions & { replyMapping?: string }]>([
  ['stringNumbers: true', { stringNumbers: true }],
  ["replyMapping: 'resp3'", { replyMapping: 'resp3' }],
  ['enableAutoPipelining: true', { enableAutoPipelining: true }],
])('an app that sets %s', (_what, settings) => {
  const keyPrefix = randomPrefix();
  let redis: Redis;
  const store = () => new RedisRefreshTokenStore(redis, { keyPrefix });

  beforeAll(() => {
    redis = connectRedis(settings);
  });
  afterAll(() => redis.quit());

  runContract(refreshTokenStoreContract(store));
  // One case takes seconds, because it ends thousands of sessions.
  runContract(revocationContract(store).filter(({ name }) => !name.includes('thousands')));
  runContract(oneTimeTokenStoreContract(() => store().oneTimeTokens()));

  test('the store counts attempts, and tells its time', async () => {
    const counter = store().attemptCounter('login', 60);
    expect(await counter.increment('ann')).toMatchObject({ count: 1 });
    expect(await counter.increment('ann')).toEqual({
      count: 2,
      msBeforeReset: expect.any(Number) as number,
    });
    expect(await counter.has?.('ann')).toBe(true);
    await counter.decrement('ann');
    await counter.reset('ann');
    expect(await counter.has?.('ann')).toBe(false);
    expect(Math.abs((await store().time()) - Date.now())).toBeLessThan(60_000);
  });
});
