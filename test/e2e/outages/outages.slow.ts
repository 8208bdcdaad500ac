import { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { Response } from 'supertest';
import { PostgresRefreshTokenStore, PostgresUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { cookieHeader, createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { startPostgres, startRedis, type TestServer } from '../../helpers/servers/servers';
import { PATIENT, REAL, useCallTimes } from '../../helpers/call-times';
import { startStopwatch, within } from '../../helpers/within';

afterEach(() => useCallTimes(PATIENT));

/** The longest time that the contract allows between a request and its 503. */
const LIMIT_MS = 2000;
const HEAL_MS = 10_000;

let postgres: TestServer;
let redis: TestServer;
let pool: Pool;
let client: Redis;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
});
afterAll(async () => {
  client?.disconnect();
  await Promise.allSettled([postgres?.stop(), redis?.stop()]);
});

describe('users in PostgreSQL, sessions in Redis', () => {
  let testApp: TestApp;

  beforeAll(async () => {
    // Plain clients as in the README, without options or listeners.
    pool = new Pool({ connectionString: postgres.url });
    client = new Redis(redis.url);
    const users = new PostgresUserStore(pool);
    await users.migrate();
    testApp = createTestApp({ users, refreshTokens: new RedisRefreshTokenStore(client) }, (app, auth) => {
      app.get('/checked', auth.guard({ checkSession: true }), (_req, res) => res.json({}));
      app.get('/loaded', auth.guard({ loadUser: true, optional: true }), (_req, res) => res.json({}));
      app.get('/renewing', auth.guard({ renew: true, optional: true }), (_req, res) => res.json({}));
    });
    await testApp.register('ann');
    await testApp.register('leaver');
  });
  afterAll(() => testApp.auth.close());

  const outages = [
    ['Redis is killed', () => redis.kill(), () => redis.restart()],
    ['Redis is frozen', () => redis.freeze(), () => redis.thaw()],
    ['PostgreSQL is killed', () => postgres.kill(), () => postgres.restart()],
    ['PostgreSQL is frozen', () => postgres.freeze(), () => postgres.thaw()],
  ] as const;

  test.each(outages)(
    '%s: requests get 503 within 2 seconds and keep their cookies, and work again by themselves afterwards',
    async (name, begin, end) => {
      const browser = await testApp.loggedIn('ann');
      // A frozen server may still do what it was asked, so another browser sends the requests that end sessions.
      const leaving = await testApp.loggedIn('leaver');
      const { refreshToken } = await testApp.tokensOf('ann');
      const renew = () => testApp.client().get('/renewing').set('Cookie', cookieHeader({ refreshToken }));
      const login = () => testApp.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
      const requests: [string, () => PromiseLike<Response>][] = name.startsWith('Redis')
        ? [
            ['login', login],
            ['refresh', () => browser.post('/auth/refresh')],
            ['renew', renew],
            ['logout', () => leaving.post('/auth/logout')],
            ['logout-all', () => leaving.post('/auth/logout-all')],
            ['sessions', () => browser.get('/auth/sessions')],
            ['end others', () => leaving.delete('/auth/sessions')],
            ['end one', () => leaving.delete('/auth/sessions/abc')],
            [
              'password',
              () =>
                browser
                  .post('/auth/password')
                  .send({ currentPassword: PASSWORD, newPassword: 'other secret 77' }),
            ],
            ['checkSession', () => browser.get('/checked')],
          ]
        : [
            [
              'register',
              () => testApp.client().post('/auth/register').send({ username: 'bob', password: PASSWORD }),
            ],
            ['login', login],
            ['refresh', () => browser.post('/auth/refresh')],
            ['renew', renew],
            ['info', () => browser.get('/auth/info')],
            [
              'password',
              () =>
                browser
                  .post('/auth/password')
                  .send({ currentPassword: PASSWORD, newPassword: 'other secret 77' }),
            ],
            ['loadUser', () => browser.get('/loaded')],
          ];

      useCallTimes(REAL);
      await begin();
      try {
        for (const [what, send] of requests) {
          const response = await within(LIMIT_MS, send);
          expect([what, response.status, response.body]).toEqual([
            what,
            503,
            { code: 'SERVICE_UNAVAILABLE', message: 'Service temporarily unavailable' },
          ]);
          expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
          expect(response.headers['set-cookie']).toBeUndefined();
        }
        // Guards need no store, so they still work.
        expect((await browser.get('/profile')).status).toBe(200);
        // Right passwords that could not be checked don't count as failures.
        await Promise.all(Array.from({ length: 60 }, login));
        // Many requests are answered as fast as one.
        const crowd = await within(LIMIT_MS, () =>
          Promise.all(Array.from({ length: 50 }, () => browser.post('/auth/refresh'))),
        );
        expect(new Set(crowd.map(({ status }) => status))).toEqual(new Set([503]));
      } finally {
        await end();
      }

      await healed(async () => (await login()).status === 200);
      const refreshed = await browser.post('/auth/refresh');
      // Only a killed Redis has lost its sessions.
      expect(refreshed.body.code).toBe(name === 'Redis is killed' ? 'SESSION_NOT_FOUND' : undefined);
      expect(testApp.unforeseen).toEqual([]);
    },
  );
});

describe('users and sessions in PostgreSQL', () => {
  test.each([
    ['killed', () => postgres.kill(), () => postgres.restart()],
    ['frozen', () => postgres.freeze(), () => postgres.thaw()],
  ] as const)('%s: requests get 503, and the sessions survive', async (_name, begin, end) => {
    const bare = new Pool({ connectionString: postgres.url });
    const users = new PostgresUserStore(bare);
    const refreshTokens = new PostgresRefreshTokenStore(bare);
    await users.migrate();
    await refreshTokens.migrate();
    const testApp = createTestApp({ users, refreshTokens });
    await testApp.register('eve').catch(() => undefined); // in the second round she is registered already
    const browser = await testApp.loggedIn('eve');
    const leaving = await testApp.loggedIn('eve');

    useCallTimes(REAL);
    await begin();
    try {
      for (const [each, path] of [
        [browser, 'refresh'],
        [leaving, 'logout'],
      ] as const)
        expect((await within(LIMIT_MS, () => each.post(`/auth/${path}`))).status).toBe(503);
    } finally {
      await end();
    }
    await healed(async () => (await browser.post('/auth/refresh')).status === 200);
    await testApp.auth.close();
    await bare.end();
  });
});

async function healed(isHealed: () => Promise<boolean>): Promise<void> {
  const elapsed = startStopwatch();
  while (elapsed() < HEAL_MS) {
    if (await isHealed()) return useCallTimes(PATIENT);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`not healed within ${HEAL_MS} ms`);
}
