import {
  MemoryRefreshTokenStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
} from '../../../src/index';
import type { RefreshTokenStore } from '../../../src/index';
import { createTestApp, type TestApp } from '../../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix } from '../../helpers/apps/backends';

const closers: (() => unknown)[] = [];
const stores: [name: string, make: () => Promise<RefreshTokenStore>][] = [
  ['memory', () => Promise.resolve(new MemoryRefreshTokenStore())],
  [
    'Redis',
    () => {
      const redis = connectRedis();
      closers.push(() => redis.disconnect());
      return Promise.resolve(new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() }));
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const database = await createDatabase();
      closers.push(() => database.close());
      const store = new PostgresRefreshTokenStore(database.pool);
      await store.migrate();
      return store;
    },
  ],
];

/** Like an ObjectId of MongoDB. */
class IdObject {
  toString = () => '507f1f77bcf86cd799439011';
}

afterAll(async () => {
  for (const close of closers) await close();
});

describe.each(stores)('auth.sessions with sessions in %s', (_name, make) => {
  let testApp: TestApp;
  let refreshTokens: RefreshTokenStore;
  beforeAll(async () => {
    refreshTokens = await make();
    testApp = createTestApp({ refreshTokens });
  });
  afterAll(() => testApp.auth.close());

  const start = (userId: string) => {
    const createdAt = new Date();
    const expiresAt = new Date(Date.now() + 60_000);
    const sessionId = `session of ${userId}`;
    const session = { userId, sessionId, createdAt, expiresAt, authTime: createdAt, remember: false };
    return refreshTokens.create({ ...session, ip: undefined, userAgent: undefined }).then(() => sessionId);
  };

  test.each<[string, unknown, string]>([
    ['a number', 1, '1'],
    ['a bigint', 2n, '2'],
    ['an id object', new IdObject(), String(new IdObject())],
    ['a text', 'ann', 'ann'],
  ])('%s is an id: its sessions are listed and end', async (_kind, id, text) => {
    const sessionId = await start(text);
    const { sessions } = testApp.auth;
    expect((await sessions.list(id as string)).map((each) => each.sessionId)).toEqual([sessionId]);
    expect(await sessions.revokeAll(id as string)).toEqual([sessionId]);
    await start(text);
    expect(await sessions.revoke(id as string, sessionId)).toBe(true);
    expect(await sessions.list(id as string)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['a number that is not exact', 2 ** 53],
    ['a fraction', 1.5],
    ['a user', { id: 'ann' }],
    ['a list', ['ann']],
    ['a Date', new Date()],
    ['bytes', Buffer.from('ann')],
    ['a text with NUL', 'a\0b'],
    ['a lone surrogate', '\ud800'],
    ['a text of 256 characters', 'a'.repeat(256)],
  ])('%s is no id: every call rejects with a TypeError that names the argument', async (_kind, value) => {
    const { list, revoke, revokeAll } = testApp.auth.sessions;
    const id = value as string;
    const calls = { list: () => list(id), revoke: () => revoke(id, 'x'), revokeAll: () => revokeAll(id) };
    for (const [method, call] of Object.entries(calls))
      await expect(call()).rejects.toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining(`sessions.${method}(): userId must be a text`) as string,
      });
    await expect(revoke('ann', id)).rejects.toThrow('sessions.revoke(): sessionId must be a text');
    if (value !== undefined)
      await expect(revokeAll('ann', { except: id })).rejects.toThrow('options.except must be a text');
  });
});
