import type { RequestHandler } from 'express';
import { MemoryRefreshTokenStore, MemoryUserStore, type GuardOptions } from '../../../src/index';
import { cookieHeader, createTestApp, setCookies } from '../../helpers/apps/app';
import { expectFailure, type FailureName } from '../../helpers/failures';
import { testClock } from '../../../src/testing/index';

const clock = testClock();
const users = new MemoryUserStore();
const refreshTokens = new MemoryRefreshTokenStore();
const whoami: RequestHandler = (req, res) => void res.json({ user: req.user, authInfo: req.authInfo });
const testApp = createTestApp({ users, refreshTokens, clock, revocation: 'expiry' }, (app, auth) => {
  app.get('/optional', auth.guard({ optional: true }), whoami);
  app.get('/optional-admin', auth.guard({ optional: true, roles: ['admin'] }), whoami);
  app.get('/optional-loaded', auth.guard({ optional: true, loadUser: true, checkSession: true }), whoami);
  app.get('/staff', auth.guard({ roles: ['admin', 'editor'] }), whoami);
  app.get('/loaded', auth.guard({ loadUser: true }), whoami);
  app.get('/loaded-admin', auth.guard({ loadUser: true, roles: ['admin'] }), whoami);
  app.get('/fresh', auth.guard({ freshWithin: '5m' }), whoami);
  app.get('/checked', auth.guard({ checkSession: true }), whoami);
});
let counter = 0;

afterAll(() => {
  expect(testApp.unforeseen).toEqual([]);
});

/** Creates a user with a session; `get` sends the access token as a cookie. */
async function createLoggedInUser(roles: string[] = []) {
  counter += 1;
  const { id, username } = await users.create({ username: `user ${counter}`, passwordHash: 'a hash', roles });
  const tokens = await testApp.tokensOf(username);
  const cookie = cookieHeader({ accessToken: tokens.accessToken });
  return { id, username, ...tokens, get: (path: string) => testApp.client().get(path).set('Cookie', cookie) };
}

describe('tokenVerify', () => {
  test('req.user is id, roles, sessionId and authTime, and /check returns the same', async () => {
    const { get, id } = await createLoggedInUser(['editor']);
    const expected = {
      id,
      roles: ['editor'],
      sessionId: expect.stringMatching(/^[\w-]{22,}$/) as string,
      authTime: new Date(clock()).toISOString(),
    };
    expect((await get('/profile')).body).toEqual(expected);
    const check = await get('/auth/check');
    expect([check.status, check.body]).toEqual([200, { user: expected }]);
    expect(check.headers['cache-control']).toBe('no-store');
  });

  test.each(['Bearer', 'bearer', 'BEARER'])('accepts Authorization: %s', async (scheme) => {
    const { accessToken, id } = await createLoggedInUser();
    const response = await testApp.client().get('/profile').set('Authorization', `${scheme} ${accessToken}`);
    expect(response.body.id).toBe(id);
  });

  test.each<[string, FailureName, Record<string, string>]>([
    ['nothing', 'NO_ACCESS_TOKEN', {}],
    ['an empty cookie', 'NO_ACCESS_TOKEN', { Cookie: 'accessToken=' }],
    ['another scheme', 'NO_ACCESS_TOKEN', { Authorization: 'Basic YTpi' }],
    ['a scheme without a token', 'NO_ACCESS_TOKEN', { Authorization: 'Bearer ' }],
    ['a cookie that is no token', 'ACCESS_TOKEN_INVALID', { Cookie: 'accessToken=x' }],
    ['a cookie that can not be decoded', 'ACCESS_TOKEN_INVALID', { Cookie: 'accessToken=%E0%A4%A' }],
    ['a header that is no token', 'ACCESS_TOKEN_INVALID', { Authorization: 'Bearer a.b.c' }],
    ['two tokens in one header', 'ACCESS_TOKEN_INVALID', { Authorization: 'Bearer a.b.c d.e.f' }],
  ])('%s: %s', async (_what, code, headers) => {
    for (const path of ['/profile', '/auth/check', '/auth/info']) {
      expectFailure(await testApp.client().get(path).set(headers), code);
    }
  });

  test('an access token expires after 30 minutes to the second, and is then refused as expired', async () => {
    const { get } = await createLoggedInUser();
    clock.advance(30 * 60 - 1);
    expect((await get('/profile')).status).toBe(200);
    clock.advance(1);
    const response = await get('/profile');
    expectFailure(response, 'ACCESS_TOKEN_EXPIRED');
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  test('the process that ends a session refuses its access tokens at once', async () => {
    const { get, id } = await createLoggedInUser();
    const stays = await createLoggedInUser();
    await testApp.auth.sessions.revokeAll(id);
    for (const path of ['/profile', '/auth/check', '/auth/info', '/auth/sessions', '/loaded', '/checked']) {
      expectFailure(await get(path), 'SESSION_REVOKED');
    }
    expect((await stays.get('/profile')).status).toBe(200);
  });
});

test('/info returns the user as stored now', async () => {
  const { get, id, username } = await createLoggedInUser();
  await users.update(id, { roles: ['admin'] });
  const response = await get('/auth/info');
  expect([response.status, response.body]).toEqual([200, { user: { id, username, roles: ['admin'] } }]);
});

describe('roles', () => {
  test.each([
    [['admin'], 200],
    [['reader', 'editor'], 200],
    [['reader'], 403],
    [['Admin'], 403],
    [[], 403],
  ])('%j at a guard for admin or editor: %i', async (roles, status) => {
    const response = await (await createLoggedInUser(roles)).get('/staff');
    expect(response.status).toBe(status);
    if (status === 403) expectFailure(response, 'FORBIDDEN');
  });

  test('a guard for a role answers 401, not 403, without a token', async () => {
    expectFailure(await testApp.client().get('/staff'), 'NO_ACCESS_TOKEN');
  });
});

describe('optional', () => {
  test('an optional guard sets req.user from a valid token', async () => {
    const { get, id } = await createLoggedInUser();
    expect((await get('/optional')).body).toEqual({ user: expect.objectContaining({ id }) as object });
  });

  test.each<[string, FailureName, Record<string, string>]>([
    ['no token', 'NO_ACCESS_TOKEN', {}],
    ['a bad cookie', 'ACCESS_TOKEN_INVALID', { Cookie: 'accessToken=x' }],
    ['a bad header', 'ACCESS_TOKEN_INVALID', { Authorization: 'Bearer x' }],
  ])('%s passes as anonymous, with %s in authInfo', async (_what, code, headers) => {
    for (const path of ['/optional', '/optional-admin', '/optional-loaded']) {
      const response = await testApp.client().get(path).set(headers);
      expect([response.status, response.body]).toEqual([200, { authInfo: { code } }]);
    }
  });

  test('an expired token, a revoked session and a deleted user pass as anonymous too', async () => {
    const expired = await createLoggedInUser();
    clock.advance(30 * 60);
    expect((await expired.get('/optional')).body).toEqual({ authInfo: { code: 'ACCESS_TOKEN_EXPIRED' } });
    const revoked = await createLoggedInUser();
    await testApp.auth.sessions.revokeAll(revoked.id);
    expect((await revoked.get('/optional')).body).toEqual({ authInfo: { code: 'SESSION_REVOKED' } });
    const deleted = await createLoggedInUser();
    await users.delete(deleted.id);
    expect((await deleted.get('/optional-loaded')).body.authInfo).toEqual({ code: 'ACCESS_TOKEN_INVALID' });
  });

  test('a user who is logged in but lacks the role is refused', async () => {
    expectFailure(await (await createLoggedInUser(['reader'])).get('/optional-admin'), 'FORBIDDEN');
  });
});

describe('loadUser', () => {
  test('req.user is the stored user without its password hash', async () => {
    const { get, id, username } = await createLoggedInUser();
    await users.update(id, { roles: ['admin'] });
    expect((await get('/loaded')).body.user).toEqual({
      id,
      username,
      roles: ['admin'],
      disabled: false,
      sessionId: expect.any(String) as string,
      authTime: expect.any(String) as string,
    });
  });

  test('the roles in the store count', async () => {
    const [promoted, demoted] = [await createLoggedInUser(), await createLoggedInUser(['admin'])];
    await users.update(promoted.id, { roles: ['admin'] });
    await users.update(demoted.id, { roles: [] });
    expect((await promoted.get('/loaded-admin')).status).toBe(200);
    expectFailure(await demoted.get('/loaded-admin'), 'FORBIDDEN');
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['deleted', (id) => users.delete(id)],
    ['disabled', (id) => users.update(id, { disabled: true })],
  ])('the token of a %s user is refused, also at /info', async (_what, goes) => {
    const { get, id } = await createLoggedInUser();
    await goes(id);
    expectFailure(await get('/loaded'), 'ACCESS_TOKEN_INVALID');
    expectFailure(await get('/auth/info'), 'ACCESS_TOKEN_INVALID');
  });
});

test('freshWithin: a login 5 minutes ago is too old, and a refresh does not make it younger', async () => {
  const { get, refreshToken } = await createLoggedInUser();
  clock.advance(299);
  expect((await get('/fresh')).status).toBe(200);
  clock.advance(1);
  expectFailure(await get('/fresh'), 'REAUTHENTICATION_REQUIRED');
  const refreshed = await testApp
    .client()
    .post('/auth/refresh')
    .set('Cookie', cookieHeader({ refreshToken }));
  const cookie = cookieHeader({ accessToken: setCookies(refreshed)['accessToken']?.value ?? '' });
  expectFailure(await testApp.client().get('/fresh').set('Cookie', cookie), 'REAUTHENTICATION_REQUIRED');
  expect((await testApp.client().get('/profile').set('Cookie', cookie)).status).toBe(200);
});

test('checkSession refuses a session at once that another process ended; tokenVerify when the token expires', async () => {
  const { get, id } = await createLoggedInUser();
  expect((await get('/checked')).status).toBe(200);
  await refreshTokens.revokeAll(id);
  expect((await get('/profile')).status).toBe(200);
  expectFailure(await get('/checked'), 'SESSION_REVOKED');
});

test.each<[string, RegExp, object]>([
  ['an unknown option', /Unknown option role: known are .*roles.*did you mean roles/, { role: ['admin'] }],
  ['roles as text', /roles/, { roles: 'admin' }],
  ['no roles at all', /roles/, { roles: [] }],
  ['a duration without its unit', /freshWithin.*'5m'/, { freshWithin: '300' }],
  ['a duration of 0', /freshWithin/, { freshWithin: 0 }],
  ['optional as text', /optional/, { optional: 'yes' }],
  ['an unknown onStoreDown', /onStoreDown/, { onStoreDown: 'pray' }],
  ['deny without instant revocation', /onStoreDown.*needs instant revocation/, { onStoreDown: 'deny' }],
])('guard() with %s throws, naming the option', (_what, message, options) => {
  expect(() => testApp.auth.guard(options as GuardOptions)).toThrow(message);
});
