import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp, PASSWORD, setCookies } from '../../helpers/apps/app';
import { quickHash } from '../../helpers/apps/quick-passwords';

const clock = testClock();
const users = new MemoryUserStore();
const refreshTokens = new MemoryRefreshTokenStore({ clock });
const testApp = createTestApp(
  { users, refreshTokens, clock, cookies: { domain: 'example.com' } },
  (app, auth) => {
    app.get('/renewed', auth.guard({ renew: true }), (_req, res) => res.json({}));
  },
);
afterAll(() => testApp.auth.close());

/** A single role, so the size can be set to the byte. */
const rolesOf = (bytes: number) => ['r'.repeat(bytes)];
let userId: string;
let count = 0;
let username: string;

beforeEach(async () => {
  username = `user${(count += 1)}`;
  const passwordHash = quickHash(PASSWORD);
  userId = (await users.create({ username, passwordHash, roles: ['editor'] })).id;
  testApp.unforeseen.length = 0;
});

const setRoles = (bytes: number) => users.update(userId, { roles: rolesOf(bytes) });
const login = (transport: 'cookie' | 'body', more: object = {}) =>
  testApp
    .client()
    .post('/quick-login')
    .send({ username, transport, ...more });

/** Expects this many errors about a long token in the app's error handler. */
function expectTooLong(times: number, limit: RegExp): void {
  const message = new RegExp(
    `user "${userId}" would be \\d{4,5} characters long, and ${limit.source} is the most .* fewer or shorter roles`,
  );
  expect(testApp.unforeseen.map((error) => (error as Error).message)).toEqual(
    Array(times).fill(expect.stringMatching(message)),
  );
}
const COOKIE = /39\d\d|40\d\d/;
const TOKEN = /8192/;

async function cookiesOfLogin(more: object = {}): Promise<Record<string, string>> {
  const response = await login('cookie', more);
  expect(response.status).toBe(200);
  return Object.fromEntries(Object.entries(setCookies(response)).map(([name, { value }]) => [name, value]));
}

describe('a login whose access token would be too long', () => {
  test.each([
    ['a cookie', 'cookie', 3000, COOKIE],
    ['a body', 'body', 6000, TOKEN],
  ] as const)(
    'fails when the token goes into %s, and leaves no session behind',
    async (_what, transport, bytes, limit) => {
      await setRoles(bytes);
      const response = await login(transport);
      expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
      expect(response.headers['set-cookie']).toBeUndefined();
      expectTooLong(1, limit);
      expect(await refreshTokens.list(userId)).toEqual([]);
    },
  );

  test('fails at POST /login as well', async () => {
    await setRoles(3000);
    const response = await testApp.client().post('/auth/login').send({ username, password: PASSWORD });
    expect(response.status).toBe(500);
    expectTooLong(1, COOKIE);
    expect(await refreshTokens.list(userId)).toEqual([]);
  });
});

test('a token that is too long for a cookie may be sent in a body, and works', async () => {
  await setRoles(3000);
  const { body } = (await login('body')) as { body: { accessToken: string; refreshToken: string } };
  const profile = await testApp.client().get('/profile').auth(body.accessToken, { type: 'bearer' });
  expect([profile.status, (profile.body as { roles: string[] }).roles]).toEqual([200, rolesOf(3000)]);
  const refreshed = await testApp.client().post('/auth/refresh').send({ refreshToken: body.refreshToken });
  expect(refreshed.status).toBe(200);
});

test('the longest cookie that is ever set, including attributes, is one that every browser keeps', async () => {
  let longest = 0;
  for (let bytes = 2600; ; bytes += 1) {
    await setRoles(bytes);
    const response = await login('cookie', { remember: true });
    if (response.status === 500) break;
    const lines = response.headers['set-cookie'] as unknown as string[];
    longest = Math.max(longest, ...lines.map((line) => Buffer.byteLength(line)));
  }
  expect(longest).toBeLessThanOrEqual(4096);
  expect(longest).toBeGreaterThan(4096 - 24); // leaves room for a longer Max-Age and one more byte step
});

describe('roles that grow too long after the login', () => {
  const requests = {
    refresh: (cookies: object) =>
      testApp
        .client()
        .post('/auth/refresh')
        .set('Cookie', cookieHeader({ ...cookies })),
    renewal: (cookies: Record<string, string>) =>
      testApp
        .client()
        .get('/renewed')
        .set('Cookie', cookieHeader({ refreshToken: cookies['refreshToken'] ?? '' })),
    'password change': (cookies: object) =>
      testApp
        .client()
        .post('/auth/password')
        .set('Cookie', cookieHeader({ ...cookies }))
        .send({ currentPassword: PASSWORD, newPassword: 'another stapler 4 you' }),
  };
  const amr = Array.from({ length: 16 }, (_none, n) => `${n}`.padEnd(64, 'x'));

  test.each([
    ['refresh', 'by far', 3000, {}],
    ['renewal', 'by far', 3000, {}],
    ['password change', 'by far', 3000, {}],
    ['refresh', "because of the session's amr", 2000, { amr }],
    ['refresh', "because JSON escapes the session's amr", 1000, { amr: amr.map(() => '"'.repeat(64)) }],
  ] as const)(
    '%s: refused when the token is too long %s, and neither session nor password has changed',
    async (what, _how, bytes, more) => {
      const cookies = await cookiesOfLogin(more);
      const before = await refreshTokens.list(userId);
      const { passwordHash } = (await users.findById(userId)) ?? {};
      await setRoles(bytes);
      // Again long after the reuse window: if the first request had exchanged the token, the second would count as a theft.
      for (const _time of ['at once', 'later']) {
        const response = await requests[what](cookies);
        expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
        expect(response.headers['set-cookie']).toBeUndefined();
        clock.advance('2m');
      }
      expectTooLong(2, COOKIE);
      expect(await refreshTokens.list(userId)).toEqual(before);
      expect((await users.findById(userId))?.passwordHash).toBe(passwordHash);
      await setRoles(10);
      expect((await requests[what](cookies)).status).toBe(200);
    },
  );

  test('an ended session still gets SESSION_NOT_FOUND when its token would be close to the limit', async () => {
    const cookies = await cookiesOfLogin();
    await refreshTokens.revokeAll(userId);
    await setRoles(2500);
    expect((await requests.refresh(cookies)).body).toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });
});
