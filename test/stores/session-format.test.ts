import type { Redis } from 'ioredis';
import {
  type AuthError,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../src';
import { describeError } from '../../src/cli/describe-error';
import { cookieHeader, createTestApp, setCookies } from '../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix, type TestDatabase } from '../helpers/apps/backends';
import { expectFailure } from '../helpers/failures';
import { newSession } from './samples';

const keyPrefix = randomPrefix();
let redis: Redis;
let database: TestDatabase;

beforeAll(async () => {
  redis = connectRedis();
  database = await createDatabase();
  await new PostgresRefreshTokenStore(database.pool).migrate();
});
afterAll(async () => {
  redis.disconnect();
  await database.close();
});

const rotation = { generation: 1, expiresInSeconds: 60, maxLifetimeSeconds: 60, reuseWindowSeconds: 30 };

const inRedis = (value: string) => async (userId: string, sessionId: string) => {
  await redis.hset(`${keyPrefix}{${encodeURIComponent(userId)}}`, sessionId, value);
};
const inPostgres = async (userId: string, sessionId: string) => {
  const changed = await database.pool.query(
    'UPDATE visa_refresh_tokens SET format = 2 WHERE user_id = $1 AND id = $2',
    [userId, sessionId],
  );
  expect(changed.rowCount).toBe(1);
};

interface Backend {
  store: () => RefreshTokenStore;
  /** Replaces a stored session by one that this release can't read. */
  replace: (userId: string, sessionId: string) => Promise<void>;
  /** The format that the error names. */
  format: string;
}
const redisStore = () => new RedisRefreshTokenStore(redis, { keyPrefix });
const backends: [string, Backend][] = [
  ['Redis', { store: redisStore, replace: inRedis('2\nsomething new'), format: '2' }],
  ['Redis, damaged', { store: redisStore, replace: inRedis('1\nhalf a'), format: '1' }],
  ['Redis, no session at all', { store: redisStore, replace: inRedis('secret'), format: 'unknown' }],
  [
    'PostgreSQL',
    { store: () => new PostgresRefreshTokenStore(database.pool), replace: inPostgres, format: '2' },
  ],
];

describe.each(backends)(
  'a session that another release has written: %s',
  (name, { store: make, replace, format }) => {
    const userId = `ann of ${name}`;
    let store: RefreshTokenStore;

    beforeEach(async () => {
      store = make();
      await store.create(newSession(userId, 'theirs'));
      await replace(userId, 'theirs');
      await store.create(newSession(userId, 'mine'));
    });
    afterEach(() => store.revokeAll(userId));

    test.each<[string, (from: RefreshTokenStore) => Promise<unknown>]>([
      ['rotate', (from) => from.rotate({ userId, sessionId: 'theirs', ...rotation })],
      ['find', (from) => from.find(userId, 'theirs')],
    ])('%s fails as unavailable, and leaves the session unchanged', async (_what, call) => {
      for (const _time of ['once', 'again']) {
        const error = await call(store).catch((thrown: unknown) => thrown as AuthError);
        expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
        expect(((error as AuthError).cause as Error).message).toMatch(`stored in format ${format},`);
        expect(describeError(error)).toMatch(`A session is stored in format ${format},`);
      }
    });

    test('list leaves it out', async () => {
      expect((await store.list(userId)).map(({ sessionId }) => sessionId)).toEqual(['mine']);
      expect((await store.list(userId, { limit: 1 })).map(({ sessionId }) => sessionId)).toEqual(['mine']);
    });

    test('a login at the limit ends it before any that can be read', async () => {
      const ended = await store.create(newSession(userId, 'next'), { maxSessions: 2 });
      expect(ended).toEqual(['theirs']);
      expect((await store.list(userId)).map(({ sessionId }) => sessionId).sort()).toEqual(['mine', 'next']);
    });

    test('other sessions still work', async () => {
      expect(await store.find(userId, 'mine')).toMatchObject({ sessionId: 'mine' });
      expect(await store.rotate({ userId, sessionId: 'mine', ...rotation })).toMatchObject({
        outcome: 'rotated',
      });
    });

    test('revoke ends it, and returns true', async () => {
      expect(await store.revoke(userId, 'theirs')).toBe(true);
      expect(await store.find(userId, 'theirs')).toBeUndefined();
      expect((await store.list(userId)).map(({ sessionId }) => sessionId)).toEqual(['mine']);
    });

    test('revokeAll ends it, and returns its id', async () => {
      expect(await store.revokeAll(userId, { except: 'mine' })).toEqual(['theirs']);
      expect((await store.list(userId)).map(({ sessionId }) => sessionId)).toEqual(['mine']);
    });

    test('over HTTP it causes an outage until the user logs out', async () => {
      const testApp = createTestApp({ refreshTokens: store }, (app, auth) => {
        app.get('/checked', auth.guard({ checkSession: true }), (_req, res) => res.json({}));
      });
      const unavailable: unknown[] = [];
      testApp.auth.events.on('unavailable', ({ error }) => unavailable.push((error.cause as Error).message));
      const { id } = await testApp.register('bob');
      const login = await testApp.client().post('/quick-login').send({ username: 'bob' });
      const cookies = Object.fromEntries(
        Object.entries(setCookies(login)).map(([cookie, { value }]) => [cookie, value]),
      );
      const [{ sessionId } = { sessionId: '' }] = await store.list(id);
      await replace(id, sessionId);

      const send = (method: 'get' | 'post', path: string) =>
        testApp.client()[method](path).set('Cookie', cookieHeader(cookies));
      for (const request of [send('post', '/auth/refresh'), send('get', '/checked')]) {
        const response = await request;
        expectFailure(response, 'SERVICE_UNAVAILABLE');
        expect(response.headers['set-cookie']).toBeUndefined();
      }
      expect(unavailable).toEqual(Array(2).fill(expect.stringContaining(`stored in format ${format},`)));
      expect((await send('get', '/auth/sessions')).body).toEqual({ sessions: [] });
      expect((await send('get', '/profile')).status).toBe(200);
      expect((await send('post', '/auth/logout')).status).toBe(200);
      expectFailure(await send('get', '/profile'), 'SESSION_REVOKED');
      expectFailure(await send('post', '/auth/refresh'), 'SESSION_NOT_FOUND');
      await testApp.auth.close();
      expect(testApp.unforeseen).toEqual([]);
    });
  },
);
