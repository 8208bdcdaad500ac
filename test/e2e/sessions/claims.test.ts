import {
  AuthError,
  MemoryUserStore,
  type AuthEvent,
  type ClaimsSession,
  type ClaimsUser,
  type UserStore,
} from '../../../src/index';
import { attemptBackends, type AttemptBackend } from '../../helpers/apps/attempt-backends';
import { createTestApp, cookieHeader, PASSWORD, setCookies, type TestApp } from '../../helpers/apps/app';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { PATIENT, useCallTimes } from '../../helpers/call-times';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

type Claims = (user: ClaimsUser, session: ClaimsSession) => object | Promise<object>;
type Cookies = Record<string, string>;

const NEW_PASSWORD = 'another stapler 4 you';
const SILENCE: [string, () => Promise<object>] = ['silence', () => new Promise(() => undefined)];
const ofTenant: Claims = ({ username }) => Promise.resolve({ tenant: `tenant of ${username}` });

describe.each(Object.entries(attemptBackends))('claims of the app: sessions in %s', (name, makeBackend) => {
  let backend: AttemptBackend;
  let testApp: TestApp;
  let users: UserStore;
  let username: string;
  let userId: string;
  let claims: jest.Mock<object | Promise<object>, Parameters<Claims>>;
  const events: AuthEvent[] = [];
  const records: object[] = [];
  let count = 0;

  beforeAll(async () => {
    backend = await makeBackend();
    users = new MemoryUserStore();
    testApp = createTestApp(
      {
        users,
        refreshTokens: backend.store,
        accessToken: { claims: (...asked) => claims(...asked) },
        audit: (record) => records.push(record),
      },
      (app, auth) => {
        app.get('/loaded', auth.guard({ loadUser: true }), (req, res) => res.json(req.user));
        app.get('/renewed', auth.guard({ renew: true }), (req, res) => res.json(req.user));
        app.get('/jwt', auth.passport.authenticate('jwt', { session: false }), (req, res) =>
          res.json(req.user),
        );
        app.get('/verified', (req, res, next) => {
          auth.verify(req).then((user) => res.json(user), next);
        });
      },
    );
    testApp.auth.events.onAny((event) => events.push(event));
  });
  beforeEach(async () => {
    username = `user${(count += 1)}`;
    claims = jest.fn(ofTenant);
    events.length = records.length = testApp.unforeseen.length = 0;
    userId = (await users.create({ username, passwordHash: quickHash(PASSWORD), roles: ['editor'] })).id;
  });
  afterAll(async () => {
    await testApp.auth.close();
    await backend.close();
  });

  const cookiesOf = (response: { headers: object }): Cookies =>
    Object.fromEntries(Object.entries(setCookies(response)).map(([name, { value }]) => [name, value]));
  const post = (path: string, cookies: Cookies = {}, body: object = {}) =>
    testApp.client().post(path).set('Cookie', cookieHeader(cookies)).send(body);
  const get = (path: string, cookies: Cookies) =>
    testApp.client().get(path).set('Cookie', cookieHeader(cookies));
  const login = () => post('/auth/login', {}, { username, password: PASSWORD });
  const change = (cookies: Cookies) =>
    post('/auth/password', cookies, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
  const tenantIn = (accessToken: string | undefined) => decodeToken(accessToken ?? '').payload['tenant'];
  const sessions = () => backend.store.list(userId);

  test('they are in req.user, GET /check and verify, and no event or audit record has them', async () => {
    const cookies = cookiesOf(await login());
    const user = { id: userId, claims: { tenant: `tenant of ${username}` } };
    for (const path of ['/profile', '/loaded', '/renewed', '/jwt', '/verified'])
      expect((await get(path, cookies)).body).toMatchObject(user);
    expect((await get('/auth/check', cookies)).body).toMatchObject({ user });
    expect((await get('/loaded', cookies)).body).toMatchObject({ username });
    expect(await testApp.auth.verify(cookies['accessToken'])).toMatchObject(user);
    await post('/auth/refresh', cookies);
    await post('/auth/logout', cookies);
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(['login', 'refresh', 'revoked']));
    expect(JSON.stringify([events, records])).not.toContain('tenant');
  });

  test('the app gets copies of user and session, without the password hash', async () => {
    const amr = ['pwd', 'otp'];
    const authTime = new Date(Date.now() - 60_000);
    const { sessionId, refreshToken } = await testApp.auth.sessions.start(userId, { amr, authTime });
    await testApp.auth.sessions.refresh(refreshToken);
    expect(claims).toHaveBeenCalledTimes(2);
    for (const [user, session] of claims.mock.calls) {
      expect(user).toEqual({ id: userId, username, roles: ['editor'], disabled: false });
      expect(session).toEqual({ sessionId, authTime, amr });
      for (const each of [user, user.roles, session, session.amr]) expect(Object.isFrozen(each)).toBe(true);
    }
  });

  test('every way to get tokens asks for them', async () => {
    const own = await testApp.auth.sessions.start(userId);
    const { refreshToken, accessToken } = await testApp.auth.sessions.refresh(own.refreshToken);
    const inBody = await testApp.tokensOf(username);
    const cookies = cookiesOf(await login());
    const renewed = cookiesOf(await get('/renewed', { refreshToken: cookies['refreshToken'] ?? '' }));
    const refreshed = cookiesOf(await post('/auth/refresh', { refreshToken }));
    const changed = cookiesOf(await change(renewed));
    const tokens = [own, { accessToken }, inBody, cookies, renewed, refreshed, changed];
    for (const pair of tokens) expect(tenantIn(pair['accessToken'])).toBe(`tenant of ${username}`);
  });

  test('a refresh asks again; a replay has the same refresh token, and may have newer claims', async () => {
    const { refreshToken } = cookiesOf(await login());
    const answers: Cookies[] = [];
    for (const tenant of ['first', 'second']) {
      claims.mockReturnValueOnce({ tenant });
      answers.push(cookiesOf(await post('/auth/refresh', { refreshToken: refreshToken ?? '' })));
    }
    expect(answers.map(({ accessToken }) => tenantIn(accessToken))).toEqual(['first', 'second']);
    expect(answers[1]?.['refreshToken']).toBe(answers[0]?.['refreshToken']);
  });

  describe.each<[string, () => object | Promise<object>]>([
    ['a rejection', () => Promise.reject(new TypeError('fetch failed'))],
    [
      'an exception',
      () => {
        throw new Error('no such tenant');
      },
    ],
    ['an error with a code of ours', () => Promise.reject(new AuthError('FORBIDDEN'))],
    // Only in memory: the stores would wait no longer than the function.
    ...(name === 'memory' ? [SILENCE] : []),
  ])('%s of the function', (what, fails) => {
    beforeEach(() => useCallTimes(what === 'silence' ? { timeout: 50 } : {}));
    afterEach(() => useCallTimes(PATIENT));

    test('is 503 at a login, and no session stays', async () => {
      claims.mockImplementation(fails);
      const response = await login();
      expectFailure(response, 'SERVICE_UNAVAILABLE');
      expect(response.headers['set-cookie']).toBeUndefined();
      expect(await sessions()).toEqual([]);
      const [{ error }] = events.filter(({ type }) => type === 'unavailable') as unknown as [
        { error: Error },
      ];
      expect((error.cause as Error).message).toMatch(/^accessToken\.claims failed: /);
    });

    test('is 503 at a refresh, and the refresh token stays good', async () => {
      const cookies = cookiesOf(await login());
      const before = await sessions();
      claims.mockImplementation(fails);
      const response = await post('/auth/refresh', cookies);
      expectFailure(response, 'SERVICE_UNAVAILABLE');
      expect(response.headers['set-cookie']).toBeUndefined();
      expectFailure(
        await get('/renewed', { refreshToken: cookies['refreshToken'] ?? '' }),
        'SERVICE_UNAVAILABLE',
      );
      expect(await sessions()).toEqual(before);
      claims.mockImplementation(ofTenant);
      expect((await post('/auth/refresh', cookies)).status).toBe(200);
    });

    test('is 503 at a new password, and the old one stays', async () => {
      const cookies = cookiesOf(await login());
      const before = await users.findById(userId);
      claims.mockImplementation(fails);
      expectFailure(await change(cookies), 'SERVICE_UNAVAILABLE');
      expect(await users.findById(userId)).toEqual(before);
      expect(await sessions()).toHaveLength(1);
    });
  });

  describe.each<[string, object, RegExp]>([
    ['a reserved name', { sub: 'bob' }, /claim with the name sub, which is reserved/],
    [
      'what JSON cannot carry',
      { tenant: { since: new Date() } },
      /bad claim: tenant\.since is an object of the class Date/,
    ],
    ['a token too long for its cookie', { tenant: 'x'.repeat(3000) }, /fewer or shorter roles or claims/],
  ])('%s', (_what, returned, message) => {
    const expectError = (response: { status: number; body: unknown }) => {
      expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
      expect((testApp.unforeseen.pop() as Error).message).toMatch(message);
    };

    test('goes to the error handler of the app, and changes no session and no password', async () => {
      const cookies = cookiesOf(await login());
      const before = await sessions();
      const stored = await users.findById(userId);
      claims.mockReturnValue(returned);
      expectError(await login());
      expect(await sessions()).toEqual(before);
      for (const request of [() => post('/auth/refresh', cookies), () => change(cookies)])
        expectError(await request());
      expect(await sessions()).toEqual(before);
      expect(await users.findById(userId)).toEqual(stored);
      claims.mockImplementation(ofTenant);
      expect((await post('/auth/refresh', cookies)).status).toBe(200);
    });
  });

  test('a failed login leaves the session that the browser had', async () => {
    const cookies = cookiesOf(await login());
    claims.mockRejectedValue(new Error('down'));
    expectFailure(
      await post('/auth/login', cookies, { username, password: PASSWORD }),
      'SERVICE_UNAVAILABLE',
    );
    expect(await sessions()).toHaveLength(1);
  });

  test('a spent refresh token ends its session as ever', async () => {
    const cookies = cookiesOf(await login());
    const second = cookiesOf(await post('/auth/refresh', cookies));
    await post('/auth/refresh', second);
    expectFailure(await post('/auth/refresh', cookies), 'REFRESH_TOKEN_REUSED');
    expectFailure(await post('/auth/refresh', second), 'SESSION_NOT_FOUND');
  });

  test('a store that does not find a session which it rotates yields no token without claims', async () => {
    const cookies = cookiesOf(await login());
    const find = jest.spyOn(backend.store, 'find').mockResolvedValueOnce(undefined);
    expectFailure(await post('/auth/refresh', cookies), 'SERVICE_UNAVAILABLE');
    find.mockRestore();
    const again = await post('/auth/refresh', cookies);
    expect(tenantIn(cookiesOf(again)['accessToken'])).toBe(`tenant of ${username}`);
  });
});

describe('a process with the option beside one without it', () => {
  const users = new MemoryUserStore();
  const store = { users, refreshTokens: attemptBackends['memory']?.() as AttemptBackend };
  const options = { users, refreshTokens: store.refreshTokens.store };
  const off = createTestApp(options);
  const on = createTestApp({ ...options, accessToken: { claims: ofTenant } });
  beforeAll(() => users.create({ username: 'ann', passwordHash: null }));
  afterAll(() => Promise.all([off.auth.close(), on.auth.close()]));

  const profile = (testApp: TestApp, accessToken: string) =>
    testApp.client().get('/profile').auth(accessToken, { type: 'bearer' });
  const refreshed = async (testApp: TestApp, refreshToken: string) =>
    (await testApp.client().post('/auth/refresh').send({ refreshToken })).body as Cookies;

  test('without it, the tokens of the other are accepted, and req.user has no claims', async () => {
    const { accessToken } = await on.tokensOf('ann');
    const { status, body } = await profile(off, accessToken);
    expect([status, Object.keys(body as object)]).toEqual([200, ['id', 'roles', 'sessionId', 'authTime']]);
  });

  test('with it, the tokens of the other count as expired, and a refresh brings the claims', async () => {
    const { accessToken, refreshToken } = await off.tokensOf('ann');
    expectFailure(await profile(on, accessToken), 'ACCESS_TOKEN_EXPIRED');
    const next = await refreshed(on, refreshToken);
    expect((await profile(on, next['accessToken'] ?? '')).body).toMatchObject({
      claims: { tenant: 'tenant of ann' },
    });
  });

  test('a logout with the access token of the other ends the session', async () => {
    const { accessToken } = await off.tokensOf('ann');
    expect(await on.auth.sessions.end(accessToken)).toBe(true);
  });

  test('only with it, the description of /check has claims', () => {
    const schemaOf = ({ auth }: TestApp) =>
      auth.openapi().components.schemas['AuthTokenUser'] as { properties: object; required: string[] };
    expect(schemaOf(on).properties).toHaveProperty('claims', expect.objectContaining({ type: 'object' }));
    expect(schemaOf(on).required).toContain('claims');
    expect(schemaOf(off).properties).not.toHaveProperty('claims');
  });
});

test('a function that returns no claims gives req.user an empty object', async () => {
  const testApp = createTestApp({ accessToken: { claims: () => ({}) } });
  await testApp.register('ann');
  const ann = await testApp.loggedIn('ann');
  expect((await ann.get('/profile')).body).toHaveProperty('claims', {});
  await testApp.auth.close();
});

test('anything but a function is refused at start', () => {
  expect(() => createTestApp({ accessToken: { claims: { tenant: 'acme' } as never } })).toThrow(
    'accessToken.claims must be a function',
  );
});
