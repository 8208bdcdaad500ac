import { cookieHeader, PASSWORD, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { useRealApp } from '../../helpers/apps/real-app';
import { decodeToken } from '../../helpers/tokens/tokens';
import { quickHash } from '../../helpers/apps/quick-passwords';

interface Profile {
  sessionId: string;
  authTime: string;
}

const NEW_PASSWORD = 'another stapler 4 you';
const passwordHash = quickHash(PASSWORD);

const real = useRealApp(passwordHash);
const login = (password: string) =>
  real.testApp.client().post('/auth/login').send({ username: real.username, password });
const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

test('the new password logs in, and the old one no longer does', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  const response = await browser.post('/auth/password').send(change);
  expect([response.status, response.body]).toEqual([200, { message: 'Password changed' }]);
  expect(response.headers['cache-control']).toBe('no-store');
  expectFailure(await login(PASSWORD), 'INVALID_CREDENTIALS');
  expect((await login(NEW_PASSWORD)).status).toBe(200);
});

test('a password change ends every session, and this browser continues in a new one', async () => {
  const here = await real.testApp.loggedIn(real.username, { remember: true });
  const there = await real.testApp.loggedIn(real.username);
  const before = (await here.get('/profile')).body as Profile;
  const cookies = setCookies(await here.post('/auth/password').send(change));
  expect(decodeToken(cookies['refreshToken']?.value ?? '').payload['gen']).toBe(1);
  expect(cookies['refreshToken']?.attributes).toContain('Max-Age=10800');

  expectFailure(await there.get('/profile'), 'SESSION_REVOKED');
  expectFailure(await there.post('/auth/refresh'), 'SESSION_NOT_FOUND');
  const after = (await here.get('/profile')).body as Profile;
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(Date.parse(after.authTime)).toBeGreaterThanOrEqual(Date.parse(before.authTime));
  expect(after).toEqual({ ...before, sessionId: after.sessionId, authTime: after.authTime });
  expect((await here.post('/auth/refresh')).status).toBe(200);
  const [session, ...others] = await real.testApp.auth.sessions.list(real.userId);
  expect([session?.sessionId, session?.remember, others]).toEqual([after.sessionId, true, []]);
});

test('a bearer client gets its pair in the body, and no cookies', async () => {
  const { accessToken } = await real.testApp.tokensOf(real.username);
  const response = await real.testApp
    .client()
    .post('/auth/password')
    .auth(accessToken, { type: 'bearer' })
    .send(change);
  expect(response.headers['set-cookie']).toBeUndefined();
  const token = expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) as string;
  expect(response.body).toEqual({
    message: 'Password changed',
    accessToken: token,
    refreshToken: token,
    tokenType: 'Bearer',
    expiresIn: 1800,
    refreshExpiresIn: 10800,
  });
  const { refreshToken } = response.body;
  expect((await real.testApp.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
});

test('a malformed Idempotency-Key changes no password', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  const response = await browser.post('/auth/password').set('Idempotency-Key', 'a b').send(change);
  expectFailure(response, 'VALIDATION_FAILED', ['Idempotency-Key']);
  expect((await login(PASSWORD)).status).toBe(200);
});

test('a wrong current password changes no password, ends no session and clears no cookie', async () => {
  const [here, there] = [
    await real.testApp.loggedIn(real.username),
    await real.testApp.loggedIn(real.username),
  ];
  const response = await here.post('/auth/password').send({ ...change, currentPassword: NEW_PASSWORD });
  expectFailure(response, 'INVALID_CREDENTIALS');
  expect(response.headers['set-cookie']).toBeUndefined();
  expect((await there.get('/profile')).status).toBe(200);
  expect((await login(PASSWORD)).status).toBe(200);
});

test('the username is refused as a password', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  const newPassword = ` ${real.username.toUpperCase()} of the tests`;
  await real.stores.options.users.create({ username: newPassword, passwordHash });
  const namesake = await real.testApp.loggedIn(newPassword.trim());
  const body = { currentPassword: PASSWORD, newPassword };
  expectFailure(await namesake.post('/auth/password').send(body), 'VALIDATION_FAILED', ['newPassword']);
  expect((await browser.post('/auth/password').send(body)).status).toBe(200);
});

test('of two parallel changes one wins, and the other gets 401', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  const passwords = [NEW_PASSWORD, 'yet another 7 staplers'];
  const responses = await Promise.all(
    passwords.map((newPassword) => browser.post('/auth/password').send({ ...change, newPassword })),
  );
  const winner = responses.findIndex(({ status }) => status === 200);
  const loser = responses.find(({ status }) => status !== 200);
  // By the time it is judged, the password is no longer current, or its session has ended.
  expect(loser?.status).toBe(401);
  expect(['INVALID_CREDENTIALS', 'SESSION_REVOKED']).toContain(loser?.body.code);
  expect((await login(passwords[winner] ?? '')).status).toBe(200);
  expectFailure(await login(passwords[1 - winner] ?? ''), 'INVALID_CREDENTIALS');
});

test.each<[string, object, string[]]>([
  ['no fields', {}, ['currentPassword', 'newPassword']],
  ['an empty current password', { ...change, currentPassword: '' }, ['currentPassword']],
  ['a short new password', { ...change, newPassword: 'g7#kQz!' }, ['newPassword']],
  ['a common new password', { ...change, newPassword: 'password123' }, ['newPassword']],
])('%s is refused, naming the field', async (_what, body, paths) => {
  const browser = await real.testApp.loggedIn(real.username);
  expectFailure(await browser.post('/auth/password').send(body), 'VALIDATION_FAILED', paths);
});

test("a user without a password can't change it", async () => {
  await real.stores.options.users.create({ username: `${real.username} google`, passwordHash: null });
  const browser = await real.testApp.loggedIn(`${real.username} google`);
  expectFailure(await browser.post('/auth/password').send(change), 'INVALID_CREDENTIALS');
});

test('a session that another process ended can not change the password', async () => {
  const { accessToken } = await real.testApp.tokensOf(real.username);
  await real.stores.options.refreshTokens.revokeAll(real.userId);
  const cookie = cookieHeader({ accessToken });
  const response = await real.testApp.client().post('/auth/password').set('Cookie', cookie).send(change);
  expectFailure(response, 'SESSION_REVOKED');
  expect((await login(PASSWORD)).status).toBe(200);
});
