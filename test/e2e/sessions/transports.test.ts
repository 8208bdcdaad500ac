import { cookieHeader, createTestApp, PASSWORD, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

const testApp = createTestApp();
const TOKEN = /[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/;
const token = expect.stringMatching(new RegExp(`^${TOKEN.source}$`)) as string;

beforeAll(async () => {
  await testApp.register('ann');
  await testApp.register('bob');
});
afterAll(() => testApp.auth.close());

const login = (transport: string) =>
  testApp.client().post('/auth/login').send({ username: 'ann', password: PASSWORD, transport });
const refresh = (body: object, cookies: Record<string, string> = {}) =>
  testApp.client().post('/auth/refresh').set('Cookie', cookieHeader(cookies)).send(body);
const sub = (accessToken: string) => decodeToken(accessToken).payload['sub'];

describe('tokens are returned in the way that was requested', () => {
  test("transport: 'body' returns both tokens in the body, and sets no cookie", async () => {
    const response = await login('body');
    expect(response.body).toEqual({
      message: 'Login successful',
      user: expect.objectContaining({ username: 'ann' }) as object,
      accessToken: token,
      refreshToken: token,
      tokenType: 'Bearer',
      expiresIn: 1800,
      refreshExpiresIn: 10800,
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(response.headers['cache-control']).toBe('no-store');
  });

  test("transport: 'cookie' writes no token into the body", async () => {
    const response = await login('cookie');
    expect(Object.keys(setCookies(response))).toEqual(['accessToken', 'refreshToken']);
    expect(response.text).not.toMatch(TOKEN);
  });

  test('a refresh by body returns the tokens in the body, and sets no cookie', async () => {
    const { refreshToken } = await testApp.tokensOf('ann');
    const response = await refresh({ refreshToken });
    expect(response.body).toEqual({
      message: 'Token refreshed',
      accessToken: token,
      refreshToken: token,
      tokenType: 'Bearer',
      expiresIn: 1800,
      refreshExpiresIn: 10800,
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    const { accessToken } = response.body;
    expect((await testApp.client().get('/profile').auth(accessToken, { type: 'bearer' })).status).toBe(200);
  });

  test.each([{}, { refreshToken: '' }])(
    'a token that came as a cookie is never written into a body, even when the body is %j',
    async (body) => {
      const response = await refresh(body, await testApp.tokensOf('ann'));
      expect(response.body).toEqual({ message: 'Token refreshed' });
      expect(Object.keys(setCookies(response))).toEqual(['accessToken', 'refreshToken']);
    },
  );

  test('a refresh that asks for tokens in the body by `transport` is refused, and spends no token', async () => {
    const tokens = await testApp.tokensOf('ann');
    expectFailure(await refresh({ transport: 'body' }, tokens), 'VALIDATION_FAILED', ['transport']);
    expect((await refresh({}, tokens)).body).toEqual({ message: 'Token refreshed' });
  });

  test('an Authorization header does not move a refresh cookie into the body', async () => {
    const { accessToken, refreshToken } = await testApp.tokensOf('ann');
    const response = await refresh({}, { refreshToken }).auth(accessToken, { type: 'bearer' });
    expect(response.body).toEqual({ message: 'Token refreshed' });
  });
});

describe('two tokens in one request', () => {
  test('Authorization takes precedence over the access cookie', async () => {
    const [ann, bob] = [await testApp.tokensOf('ann'), await testApp.tokensOf('bob')];
    const cookie = cookieHeader({ accessToken: bob.accessToken });
    const send = (bearer: string) =>
      testApp.client().get('/profile').set('Cookie', cookie).auth(bearer, { type: 'bearer' });
    expect((await send(ann.accessToken)).body.id).toBe(sub(ann.accessToken));
    expectFailure(await send('garbage'), 'ACCESS_TOKEN_INVALID');
  });

  test.each(['Basic YTpi', 'Bearer', 'Bearer ', 'BearerX abc', 'Token abc'])(
    'Authorization: %s is no bearer token, so the cookie counts',
    async (authorization) => {
      const { accessToken } = await testApp.tokensOf('bob');
      const response = await testApp
        .client()
        .get('/profile')
        .set({ Cookie: cookieHeader({ accessToken }), Authorization: authorization });
      expect(response.body.id).toBe(sub(accessToken));
    },
  );

  test('refreshToken in the body takes precedence over the refresh cookie, whose session stays unchanged', async () => {
    const [ann, bob] = [await testApp.tokensOf('ann'), await testApp.tokensOf('bob')];
    const response = await refresh({ refreshToken: ann.refreshToken }, { refreshToken: bob.refreshToken });
    expect(sub(response.body.accessToken as string)).toBe(sub(ann.accessToken));
    expect(response.headers['set-cookie']).toBeUndefined();
    const [untouched] = await testApp.auth.sessions.list(String(sub(bob.accessToken)));
    expect(untouched?.generation).toBe(0);
  });

  test('an invalid token in the body is refused even beside a valid cookie', async () => {
    const { refreshToken } = await testApp.tokensOf('ann');
    expectFailure(await refresh({ refreshToken: 'garbage' }, { refreshToken }), 'REFRESH_TOKEN_INVALID');
  });

  test('the body also decides at a logout', async () => {
    const [ann, bob] = [await testApp.tokensOf('ann'), await testApp.tokensOf('bob')];
    const body = { refreshToken: ann.refreshToken };
    await testApp.client().post('/auth/logout').set('Cookie', cookieHeader(bob)).send(body);
    expectFailure(await refresh(body), 'SESSION_NOT_FOUND');
    expect((await refresh({}, { refreshToken: bob.refreshToken })).status).toBe(200);
  });
});

describe('the query string and other places are never read', () => {
  test.each(['access_token', 'accessToken', 'token', 'auth_token', 'jwt'])('?%s=', async (name) => {
    const { accessToken } = await testApp.tokensOf('ann');
    const response = await testApp
      .client()
      .get('/profile')
      .query({ [name]: accessToken });
    expectFailure(response, 'NO_ACCESS_TOKEN');
  });

  test.each(['post', 'get'] as const)('%s /refresh?refreshToken=', async (method) => {
    const { refreshToken } = await testApp.tokensOf('ann');
    const response = await testApp.client()[method]('/auth/refresh').query({ refreshToken });
    expectFailure(response, 'NO_REFRESH_TOKEN');
  });

  test.each(['X-Access-Token', 'X-Auth-Token', 'Token'])('the header %s', async (name) => {
    const { accessToken } = await testApp.tokensOf('ann');
    expectFailure(await testApp.client().get('/profile').set(name, accessToken), 'NO_ACCESS_TOKEN');
  });

  test('an access token in the body', async () => {
    const { accessToken } = await testApp.tokensOf('ann');
    const response = await testApp
      .client()
      .post('/auth/logout-all')
      .send({ accessToken, access_token: accessToken });
    expectFailure(response, 'NO_ACCESS_TOKEN');
  });
});
