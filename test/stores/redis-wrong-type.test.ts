import type { Redis } from 'ioredis';
import { RedisRefreshTokenStore } from '../../src';
import { createTestApp, type TestApp } from '../helpers/apps/app';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { expectFailure } from '../helpers/failures';

const keyPrefix = randomPrefix();
let redis: Redis;
let app: TestApp;
let causes: string[];

beforeAll(() => {
  redis = connectRedis();
  app = createTestApp({ refreshTokens: new RedisRefreshTokenStore(redis, { keyPrefix }) });
  app.auth.events.on('unavailable', ({ error }) => causes.push((error.cause as Error).message));
});
beforeEach(() => {
  causes = [];
});
afterAll(async () => {
  await app.auth.close();
  redis.disconnect();
});

const keys: [string, (userId: string) => string][] = [
  ["a user's sessions", (userId) => `${keyPrefix}{${userId}}`],
  ["a user's outbox", (userId) => `${keyPrefix}{${userId}}:ended`],
];

test.each(keys)(
  'a key of %s with another type is 503 for this user, and the log names the cure',
  async (name, keyOf) => {
    const ann = await app.register(`ann ${name}`);
    await app.register(`bob ${name}`);
    const { refreshToken, accessToken } = await app.tokensOf(`ann ${name}`);
    await redis.set(keyOf(ann.id), 'of another program', 'EX', 60);
    const post = (path: string) => app.client().post(path);
    expectFailure(
      await post('/auth/logout-all').auth(accessToken, { type: 'bearer' }),
      'SERVICE_UNAVAILABLE',
    );
    expectFailure(await post('/auth/logout').send({ refreshToken }), 'SERVICE_UNAVAILABLE');
    expect(causes).toEqual([
      expect.stringContaining(`The Redis key ${keyPrefix}{${ann.id}}`),
      expect.stringContaining('delete it with DEL'),
    ]);
    expect(causes.join()).not.toContain(refreshToken);
    expect((await app.tokensOf(`bob ${name}`)).accessToken).toEqual(expect.any(String));
    await redis.del(keyOf(ann.id));
    expect((await app.tokensOf(`ann ${name}`)).accessToken).toEqual(expect.any(String));
  },
);

test('an attempt counter with another type is 503 as well', async () => {
  const username = 'carol';
  await app.register(username);
  const logIn = () => app.client().post('/auth/login').send({ username, password: 'wrong' });
  expectFailure(await logIn(), 'INVALID_CREDENTIALS');
  const counters = await redis.keys(`${keyPrefix}attempts:*`);
  expect(counters).not.toEqual([]);
  for (const key of counters) {
    await redis.del(key);
    await redis.hset(key, 'of', 'another program');
  }
  expectFailure(await logIn(), 'SERVICE_UNAVAILABLE');
  expect(causes).toEqual([expect.stringContaining('delete it with DEL')]);
});
