import { hashSync } from 'bcryptjs';
import {
  cookieHeader,
  createRealStores,
  createTestApp,
  PASSWORD,
  setCookies,
  type RealStores,
  type TestApp,
} from '../helpers/app';
import { expectFailure } from '../helpers/failures';
import { decodeToken } from '../helpers/tokens';

const NEW_PASSWORD = 'another stapler 4 you';
const passwordHash = hashSync(PASSWORD, 10);

let stores: RealStores;
let testApp: TestApp;
let userId: string;
let users = 0;

beforeAll(async () => {
  stores = await createRealStores();
  testApp = createTestApp(stores.options);
});
beforeEach(async () => {
  users += 1;
  userId = (await stores.options.users.create({ username: name(), passwordHash })).id;
});
afterAll(async () => {
  await testApp.auth.close();
  await stores.close();
  expect(testApp.unforeseen).toEqual([]);
});

const name = () => `user ${users}`;
const login = (password: string) => testApp.client().post('/auth/login').send({ username: name(), password });
const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

test('the new password logs in, and the old one no longer does', async () => {
  const browser = await testApp.loggedIn(name());
  const response = await browser.post('/auth/password').send(change);
  expect([response.status, response.body]).toEqual([200, { message: 'Password changed' }]);
  expect(response.headers['cache-control']).toBe('no-store');
  expectFailure(await login(PASSWORD), 'INVALID_CREDENTIALS');
  expect((await login(NEW_PASSWORD)).status).toBe(200);
});

test('all other sessions end, and this one goes on with a new pair', async () => {
  const here = await testApp.loggedIn(name(), { remember: true });
  const there = await testApp.loggedIn(name());
  const before = (await here.get('/profile')).body;
  const cookies = setCookies(await here.post('/auth/password').send(change));
  expect(decodeToken(cookies['refreshToken']?.value ?? '').payload['gen']).toBe(2);
  expect(cookies['refreshToken']?.attributes).toContain('Max-Age=10800');

  expectFailure(await there.get('/profile'), 'SESSION_REVOKED');
  expectFailure(await there.post('/auth/refresh'), 'SESSION_NOT_FOUND');
  expect((await here.get('/profile')).body).toEqual(before);
  expect((await here.post('/auth/refresh')).status).toBe(200);
  expect(await testApp.auth.sessions.list(userId)).toHaveLength(1);
});

test('a bearer gets its pair in the body, and no cookies', async () => {
  const { accessToken } = await testApp.tokensOf(name());
  const response = await testApp
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
  });
  const { refreshToken } = response.body;
  expect((await testApp.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
});

test('a wrong current password changes nothing, ends nothing and clears nothing', async () => {
  const [here, there] = [await testApp.loggedIn(name()), await testApp.loggedIn(name())];
  const response = await here.post('/auth/password').send({ ...change, currentPassword: NEW_PASSWORD });
  expectFailure(response, 'INVALID_CREDENTIALS');
  expect(response.headers['set-cookie']).toBeUndefined();
  expect((await there.get('/profile')).status).toBe(200);
  expect((await login(PASSWORD)).status).toBe(200);
});

test('of two parallel changes one wins, and the other gets 401', async () => {
  const browser = await testApp.loggedIn(name());
  const passwords = [NEW_PASSWORD, 'yet another 7 staplers'];
  const responses = await Promise.all(
    passwords.map((newPassword) => browser.post('/auth/password').send({ ...change, newPassword })),
  );
  const winner = responses.findIndex(({ status }) => status === 200);
  const loser = responses.find(({ status }) => status !== 200);
  expect(loser).toBeDefined();
  expectFailure(loser as NonNullable<typeof loser>, 'INVALID_CREDENTIALS');
  expect((await login(passwords[winner] ?? '')).status).toBe(200);
  expectFailure(await login(passwords[1 - winner] ?? ''), 'INVALID_CREDENTIALS');
});

test.each<[string, object, string[]]>([
  ['no fields', {}, ['currentPassword', 'newPassword']],
  ['an empty current password', { ...change, currentPassword: '' }, ['currentPassword']],
  ['a short new password', { ...change, newPassword: 'g7#kQz!' }, ['newPassword']],
  ['a common new password', { ...change, newPassword: 'password123' }, ['newPassword']],
])('%s is refused, naming the field', async (_what, body, paths) => {
  const browser = await testApp.loggedIn(name());
  expectFailure(await browser.post('/auth/password').send(body), 'VALIDATION_FAILED', paths);
});

test('a user without a password has none to change', async () => {
  await stores.options.users.create({ username: `${name()} google`, passwordHash: null });
  const browser = await testApp.loggedIn(`${name()} google`);
  expectFailure(await browser.post('/auth/password').send(change), 'INVALID_CREDENTIALS');
});

test('a session that another process ended can not change the password', async () => {
  const { accessToken } = await testApp.tokensOf(name());
  await stores.options.refreshTokens.revokeAll(userId);
  const cookie = cookieHeader({ accessToken });
  const response = await testApp.client().post('/auth/password').set('Cookie', cookie).send(change);
  expectFailure(response, 'SESSION_REVOKED');
  expect((await login(PASSWORD)).status).toBe(200);
});
