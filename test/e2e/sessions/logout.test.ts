import {
  clearsCookies,
  cookieHeader,
  createRealStores,
  createTestApp,
  type RealStores,
  type TestApp,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';
import { testClock, type TestClock } from '../../../src/testing/index';

let stores: RealStores;
let testApp: TestApp;
let clock: TestClock;
let annId: string;

beforeAll(async () => {
  stores = await createRealStores();
  const [ann] = await Promise.all(
    ['ann', 'bob'].map((username) => stores.options.users.create({ username, passwordHash: null })),
  );
  annId = ann?.id ?? '';
});
beforeEach(async () => {
  clock = testClock();
  testApp = createTestApp({ ...stores.options, clock });
  await testApp.auth.sessions.revokeAll(annId);
});
afterAll(() => stores.close());

const sessionCount = async () => (await testApp.auth.sessions.list(annId)).length;
const logoutWith = (cookies: Record<string, string>, method: 'get' | 'post' = 'post') => {
  const client = testApp.client();
  return client[method]('/auth/logout').set({
    Cookie: cookieHeader(cookies),
    'Sec-Fetch-Site': 'same-origin',
  });
};

test.each(['post', 'get'] as const)('%s /logout ends the session at once', async (method) => {
  const tokens = await testApp.tokensOf('ann');
  const response = await logoutWith(tokens, method);
  expect([response.status, response.body]).toEqual([200, { message: 'User Logout' }]);
  expect(response.headers['cache-control']).toBe('no-store');
  expect(clearsCookies(response)).toBe(true);
  expect(await sessionCount()).toBe(0);
  const cookie = cookieHeader(tokens);
  expectFailure(await testApp.client().get('/profile').set('Cookie', cookie), 'SESSION_REVOKED');
  expectFailure(await testApp.client().post('/auth/refresh').set('Cookie', cookie), 'SESSION_NOT_FOUND');
});

test.each<[string, Record<string, string>]>([
  ['no tokens', {}],
  ['invalid tokens', { accessToken: 'a.b.c', refreshToken: 'x' }],
  ['a cookie that can not be decoded', { refreshToken: '%E0%A4%A' }],
  ['a JSON cookie', { refreshToken: 'j:{"$ne":1}', accessToken: 'j:[1]' }],
])('logout with %s still clears the cookies', async (_what, cookies) => {
  await testApp.tokensOf('ann');
  const response = await logoutWith(cookies);
  expect([response.status, response.body]).toEqual([200, { message: 'User Logout' }]);
  expect(clearsCookies(response)).toBe(true);
  expect(await sessionCount()).toBe(1);
});

test.each(['accessToken', 'refreshToken'] as const)('an expired %s still ends its session', async (name) => {
  const tokens = await testApp.tokensOf('ann');
  clock.advance(4 * 60 * 60);
  expect((await logoutWith({ [name]: tokens[name] })).status).toBe(200);
  expect(await sessionCount()).toBe(0);
});

test('a refresh token ends its session whatever its generation', async () => {
  const first = await testApp.tokensOf('ann');
  const refreshed = await testApp.client().post('/auth/refresh').send({ refreshToken: first.refreshToken });
  await testApp.client().post('/auth/refresh').send({ refreshToken: refreshed.body.refreshToken });
  clock.advance(60);
  expect((await logoutWith({ refreshToken: first.refreshToken })).status).toBe(200);
  expect(await sessionCount()).toBe(0);
});

test('the refresh token decides when the two tokens name different sessions', async () => {
  const ending = await testApp.tokensOf('ann');
  const staying = await testApp.tokensOf('ann');
  await logoutWith({ refreshToken: ending.refreshToken, accessToken: staying.accessToken });
  const left = await testApp.auth.sessions.list(annId);
  expect(left.map(({ sessionId }) => sessionId)).toEqual([decodeToken(staying.accessToken).payload['sid']]);
});

test('the access token decides when the refresh token is invalid', async () => {
  const { accessToken } = await testApp.tokensOf('ann');
  await logoutWith({ refreshToken: 'garbage', accessToken });
  expect(await sessionCount()).toBe(0);
});

test('a client without cookies logs out with its refresh token in the body, or its access token', async () => {
  const [first, second] = [await testApp.tokensOf('ann'), await testApp.tokensOf('ann')];
  await testApp.client().post('/auth/logout').send({ refreshToken: first.refreshToken });
  expect(await sessionCount()).toBe(1);
  await testApp.client().post('/auth/logout').auth(second.accessToken, { type: 'bearer' });
  expect(await sessionCount()).toBe(0);
});

test.each(['/auth/logout', '/auth/refresh'])('HEAD %s does nothing', async (path) => {
  const { refreshToken } = await testApp.tokensOf('ann');
  const response = await testApp.client().head(path).set('Cookie', cookieHeader({ refreshToken }));
  expect(response.status).toBe(405);
  expect(response.headers['allow']).toBe('GET, POST');
  expect(response.headers['set-cookie']).toBeUndefined();
  const [session] = await testApp.auth.sessions.list(annId);
  expect(session?.generation).toBe(0);
});

describe('POST /logout-all', () => {
  test("ends every session of the user, and no other user's", async () => {
    const bob = await testApp.loggedIn('bob');
    const [here, there] = [await testApp.loggedIn('ann'), await testApp.loggedIn('ann')];
    const response = await here.post('/auth/logout-all');
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ message: expect.stringMatching(/./) as string });
    expect(clearsCookies(response)).toBe(true);
    expect(await sessionCount()).toBe(0);
    expectFailure(await there.get('/profile'), 'SESSION_REVOKED');
    expectFailure(await there.post('/auth/refresh'), 'SESSION_NOT_FOUND');
    expect((await bob.get('/profile')).status).toBe(200);
    expect((await bob.post('/auth/refresh')).status).toBe(200);
  });

  test('needs an access token: with only a refresh token nothing ends', async () => {
    const { refreshToken } = await testApp.tokensOf('ann');
    const cookie = cookieHeader({ refreshToken });
    expectFailure(await testApp.client().post('/auth/logout-all').set('Cookie', cookie), 'NO_ACCESS_TOKEN');
    expect(await sessionCount()).toBe(1);
  });
});
