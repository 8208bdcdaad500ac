import type { Redis, RedisOptions } from 'ioredis';
import { RedisRefreshTokenStore, type Revocation } from '../../src';
import { oneTimeTokenStoreContract, refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { newSession } from '../../src/testing/session-fixtures';
import { eventually } from '../helpers/eventually';
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

test('a store learns of revocations in a database that the app selects before the first command of the store', async () => {
  const keyPrefix = randomPrefix();
  const [redis, other] = [connectRedis(), connectRedis({ db: 5 })];
  const store = new RedisRefreshTokenStore(redis, { keyPrefix });
  const elsewhere = new RedisRefreshTokenStore(other, { keyPrefix });
  const received: Revocation[] = [];
  let answers = 0;
  const follower = {
    keepForSeconds: 60,
    onRevoked: (revocation: Revocation) => void received.push(revocation),
    onCurrent: () => void (answers += 1),
    onLost: () => undefined,
  };
  const feeds = [
    store.followRevocations(follower),
    elsewhere.followRevocations({ ...follower, onRevoked: () => undefined, onCurrent: () => undefined }),
  ];
  await eventually('the store follows', () => Promise.resolve(answers > 0));
  await redis.select(5);
  const session = newSession();
  await store.create(session);
  expect(await elsewhere.revoke(session.userId, session.sessionId)).toBe(true);
  await eventually('the revocation arrives', () => Promise.resolve(received.length > 0));
  expect(received).toEqual([{ userId: session.userId, sessionIds: [session.sessionId] }]);
  for (const feed of feeds) feed.close();
  await Promise.all([redis.quit(), other.quit()]);
});
