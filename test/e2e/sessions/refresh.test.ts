import { clearsCookies, cookieHeader, REFRESH_SECRET, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { useRealApp } from '../../helpers/apps/real-app';
import { decodeToken, resign } from '../../helpers/tokens/tokens';

const real = useRealApp();
const refreshWith = (cookies: Record<string, string>, method: 'get' | 'post' = 'post') => {
  const client = real.testApp.client();
  return client[method]('/auth/refresh').set({
    Cookie: cookieHeader(cookies),
    'Sec-Fetch-Site': 'same-origin',
  });
};

test.each(['post', 'get'] as const)(
  '%s /refresh sets a new pair of cookies and returns only a message',
  async (method) => {
    const before = await real.testApp.tokensOf(real.username);
    const response = await refreshWith(before, method);
    expect([response.status, response.body]).toEqual([200, { message: 'Token refreshed' }]);
    expect(response.headers['cache-control']).toBe('no-store');
    const attributes = ['HttpOnly', 'Path=/', 'SameSite=Strict'];
    const after = setCookies(response);
    expect(after).toEqual({
      accessToken: { value: expect.anything() as string, attributes },
      refreshToken: { value: expect.anything() as string, attributes },
    });
    expect(decodeToken(after['refreshToken']?.value ?? '').payload['gen']).toBe(2);
    const cookie = cookieHeader({ accessToken: after['accessToken']?.value ?? '' });
    expect((await real.testApp.client().get('/profile').set('Cookie', cookie)).body.id).toBe(real.userId);
  },
);

test('a refresh works with an invalid access token, and without one', async () => {
  const { refreshToken } = await real.testApp.tokensOf(real.username);
  expect((await refreshWith({ refreshToken })).status).toBe(200);
  expect((await refreshWith({ refreshToken, accessToken: 'garbage' })).status).toBe(200);
});

test('20 parallel refreshes with one token all get the same successor', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  const responses = await Promise.all(Array.from({ length: 20 }, () => refreshWith(tokens)));
  const successors = new Set(responses.map((response) => setCookies(response)['refreshToken']?.value));
  expect(successors.size).toBe(1);
  expect([...successors][0]).toEqual(expect.any(String));
});

test.each([
  ['no cookies', {}],
  ['an empty cookie', { refreshToken: '' }],
  ['only an access token', { accessToken: 'garbage' }],
])('%s gets NO_REFRESH_TOKEN, and the cookies stay unchanged', async (_what, cookies) => {
  const response = await refreshWith(cookies);
  expectFailure(response, 'NO_REFRESH_TOKEN');
  expect(response.headers['set-cookie']).toBeUndefined();
});

test.each(['garbage', 'a.b.c', '%E0%A4%A', 'j:{"a":1}', 's:signed.x'])(
  'the cookie %j gets REFRESH_TOKEN_INVALID, and is cleared',
  async (refreshToken) => {
    const response = await refreshWith({ refreshToken });
    expectFailure(response, 'REFRESH_TOKEN_INVALID');
    expect(clearsCookies(response)).toBe(true);
  },
);

test('a revoked session gets SESSION_NOT_FOUND, and its cookies are cleared', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  await real.testApp.auth.sessions.revokeAll(real.userId);
  const response = await refreshWith(tokens);
  expectFailure(response, 'SESSION_NOT_FOUND');
  expect(clearsCookies(response)).toBe(true);
});

test('a revocation wins over refreshes in flight: none brings the session back', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  const inFlight = Array.from({ length: 10 }, () => refreshWith(tokens).then(({ status }) => status));
  await real.testApp.auth.sessions.revokeAll(real.userId);
  await Promise.all(inFlight);
  expect(await real.testApp.auth.sessions.list(real.userId)).toEqual([]);
});

test.each<[string, () => Promise<unknown>]>([
  ['deleted', () => real.stores.options.users.delete(real.userId)],
  ['disabled', () => real.stores.options.users.update(real.userId, { disabled: true })],
])('a %s user gets SESSION_NOT_FOUND, and the session ends', async (_what, goes) => {
  const tokens = await real.testApp.tokensOf(real.username);
  const revoked: unknown[] = [];
  real.testApp.auth.events.once('revoked', (event) => revoked.push(event));
  await goes();
  const response = await refreshWith(tokens);
  expectFailure(response, 'SESSION_NOT_FOUND');
  expect(clearsCookies(response)).toBe(true);
  expect(await real.testApp.auth.sessions.list(real.userId)).toEqual([]);
  expect(revoked).toMatchObject([{ userId: real.userId, reason: 'user-gone' }]);
});

test('each refresh reads the roles again', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  await real.stores.options.users.update(real.userId, { roles: ['editor'] });
  expect((await browser.get('/profile')).body.roles).toEqual([]);
  await browser.post('/auth/refresh');
  expect((await browser.get('/profile')).body.roles).toEqual(['editor']);
});

test('a refresh is no login: authTime and sessionId stay the same', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  const before = (await browser.get('/profile')).body;
  await browser.post('/auth/refresh');
  expect((await browser.get('/profile')).body).toEqual(before);
});

describe('a gen in a correctly signed token', () => {
  test.each([0, -1, 1.5, '1', null, undefined, true, [1], 2 ** 53])(
    'of %j gets REFRESH_TOKEN_INVALID, and changes no session',
    async (gen) => {
      const { refreshToken } = await real.testApp.tokensOf(real.username);
      const forged = resign(refreshToken, REFRESH_SECRET, { payload: { gen } });
      expectFailure(await refreshWith({ refreshToken: forged }), 'REFRESH_TOKEN_INVALID');
      expect((await real.testApp.auth.sessions.list(real.userId))[0]?.generation).toBe(0);
      expect((await refreshWith({ refreshToken })).status).toBe(200);
    },
  );

  test('ahead of the store is accepted, since a failover may have lost a write', async () => {
    const { refreshToken } = await real.testApp.tokensOf(real.username);
    const ahead = resign(refreshToken, REFRESH_SECRET, { payload: { gen: 7 } });
    const response = await refreshWith({ refreshToken: ahead });
    expect(response.status).toBe(200);
    expect(decodeToken(setCookies(response)['refreshToken']?.value ?? '').payload['gen']).toBe(8);
  });
});
