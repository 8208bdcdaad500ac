import { createHash } from 'node:crypto';
import {
  AuthError,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type AuditRecord,
  type AuthEvent,
  type AuthEventDetails,
  type AuthEventName,
  type StoredUser,
} from '../../../src/index';
import {
  cookieHeader,
  createRealStores,
  createTestApp,
  PASSWORD,
  type TestApp,
} from '../../helpers/apps/app';
import { testClock } from '../../../src/testing/index';
import { nonCanonical } from '../../helpers/tokens/tokens';
import { quickHash } from '../../helpers/apps/quick-passwords';

const passwordHash = quickHash(PASSWORD);
const NEW_PASSWORD = 'another stapler 4 you';
const GUESS = 'guess-by-eve';
const USER_AGENT = 'Phone/1.0';

type Tokens = { accessToken: string; refreshToken: string };
/** A name and the details of an event, without the members that come from the request. */
type Expected = { [Name in AuthEventName]: [Name, Omit<AuthEventDetails[Name], 'ip' | 'userAgent'>] };

const sessionsOf = (event: AuthEvent): string[] => {
  const { sessionId, sessionIds = sessionId ? [sessionId] : [] } = event as {
    sessionId?: string;
    sessionIds?: string[];
  };
  return sessionIds;
};

/** The record that docs/observability.md promises for an event, written out a second time. */
const expectedRecord = (event: AuthEvent) => {
  const hashes = sessionsOf(event).map((id) => createHash('sha256').update(id).digest('base64url'));
  const { code, reason, limit, userId, ip, userAgent } = event as Partial<
    Record<'code' | 'reason' | 'limit' | 'userId' | 'ip' | 'userAgent', string>
  >;
  const failures = /Failed$|^(locked|reuse|refused)$/;
  return expect.objectContaining({
    time: event.at.toISOString(),
    event: event.type,
    outcome: failures.test(event.type) ? 'failure' : 'success',
    reason: code ?? reason ?? limit ?? (event.type === 'reuse' ? 'REFRESH_TOKEN_REUSED' : null),
    userId: userId ?? null,
    session: hashes.length === 1 ? hashes[0] : null,
    ...(event.type === 'revoked' && { sessions: hashes }),
    ip: ip ?? null,
    userAgent: userAgent ?? null,
  }) as AuditRecord;
};

const backends = {
  'stores in memory': () => ({
    options: { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() },
    close: () => Promise.resolve(),
  }),
  'Redis and PostgreSQL': createRealStores,
};

describe.each(Object.entries(backends))('every endpoint on %s', (_name, open) => {
  const clock = testClock();
  const announced: AuthEvent[] = [];
  const records: AuditRecord[] = [];
  const forget = () => [announced, records].forEach((list) => (list.length = 0));
  const secrets = new Set([PASSWORD, NEW_PASSWORD, GUESS, passwordHash]);
  let backend: Awaited<ReturnType<typeof open>>;
  let testApp: TestApp;
  let user: StoredUser;
  let users = 0;

  beforeAll(async () => {
    backend = await open();
    testApp = createTestApp(
      {
        ...backend.options,
        clock,
        audit: (record) => records.push(record),
        limits: { username: { failures: 1 }, password: { failures: 1 }, register: { attempts: 2 } },
      },
      (app, auth) => {
        app.delete('/posts/:id', auth.guard({ roles: ['admin'] }), (_req, res) => res.sendStatus(204));
        app.use('/optional', auth.guard({ optional: true }), (_req, res) => res.sendStatus(204));
        app.use('/checked', auth.guard({ checkSession: true }), (_req, res) => res.sendStatus(204));
      },
    );
    await testApp.auth.ready();
    testApp.auth.events.onAny((event) => announced.push(event));
  });
  beforeEach(async () => {
    users += 1;
    user = await backend.options.users.create({ username: `user ${users}`, passwordHash });
    forget();
  });
  afterAll(async () => {
    await testApp.auth.close();
    await backend.close();
    expect(testApp.unforeseen).toEqual([]);
  });

  const send = (verb: 'get' | 'post' | 'delete', path: string, tokens: Partial<Tokens> = {}, body = {}) => {
    const request = testApp.client()[verb](path);
    return request.set({ 'User-Agent': USER_AGENT, Cookie: cookieHeader(tokens) }).send(body);
  };
  const post = (path: string, body: object, tokens?: Partial<Tokens>) =>
    send('post', `/auth/${path}`, tokens, body);
  const tokens = async (): Promise<Tokens & { sessionId: string }> => {
    const { accessToken, refreshToken } = await testApp.tokensOf(user.username);
    const pair = { accessToken, refreshToken };
    const { sessionId } = (await send('get', '/auth/check', pair)).body.user as { sessionId: string };
    Object.values(pair).forEach((token) => token.split('.').forEach((part) => secrets.add(part)));
    forget();
    return { ...pair, sessionId };
  };
  /** Exactly these events, in this order, with time and origin; a record of each; and no secrets in any of them. */
  const expectEvents = (...expected: Expected[AuthEventName][]) => {
    const ip = expect.stringContaining('127.0.0.1') as string;
    const where = { ip, userAgent: USER_AGENT, at: new Date(clock()) };
    expect(announced).toEqual(expected.map(([type, details]) => ({ type, ...where, ...details })));
    expect(records).toEqual(announced.map(expectedRecord));
    const text = JSON.stringify([announced, records]);
    for (const secret of secrets) expect(text).not.toContain(secret);
    for (const id of announced.flatMap(sessionsOf)) expect(JSON.stringify(records)).not.toContain(id);
    forget();
  };
  const someId = expect.stringMatching(/^[\w-]+$/) as string;

  test('POST /register', async () => {
    const body = { username: 'Ann', password: PASSWORD };
    await post('register', body).expect(201);
    expectEvents(['registered', { userId: someId, username: 'Ann' }]);
    await post('register', { username: 'bob', password: 'short' }).expect(400);
    expectEvents();
    await post('register', { ...body, username: 'ANN' }).expect(409);
    expectEvents(['registerFailed', { username: 'ANN', code: 'USERNAME_TAKEN' }]);
    await post('register', { ...body, username: 'bob' }).expect(429);
    const noUser = { userId: undefined, sessionId: undefined };
    const retryAfterSeconds = expect.any(Number) as number;
    const key = expect.stringContaining('127.0.0.1') as string;
    expectEvents(['locked', { limit: 'register', key, retryAfterSeconds, ...noUser }]);
  });

  test('POST /login', async () => {
    const { username, id: userId } = user;
    await post('login', { username, password: PASSWORD }).expect(200);
    expectEvents(['login', { userId, sessionId: someId, amr: undefined }]);
    await post('login', { username }).expect(400);
    expectEvents();
    await post('login', { username, password: GUESS }).expect(401);
    expectEvents(['loginFailed', { username, userId, reason: 'wrong-password' }]);
    await post('login', { username, password: PASSWORD }).expect(429);
    const noUser = { userId: undefined, sessionId: undefined };
    const retryAfterSeconds = expect.any(Number) as number;
    expectEvents(['locked', { limit: 'username', key: username, retryAfterSeconds, ...noUser }]);
    await post('login', { username: `eve ${users}`, password: GUESS }).expect(401);
    expectEvents(['loginFailed', { username: `eve ${users}`, userId: undefined, reason: 'unknown-user' }]);
  });

  test('POST /login of a disabled user', async () => {
    const { username, id: userId } = user;
    await backend.options.users.update(userId, { disabled: true });
    await post('login', { username, password: PASSWORD }).expect(401);
    expectEvents(['loginFailed', { username, userId, reason: 'disabled' }]);
  });

  test('completeLogin', async () => {
    const { username, id: userId } = user;
    await send('post', '/quick-login', {}, { username }).expect(200);
    expectEvents(['login', { userId, sessionId: someId, amr: undefined }]);
    await backend.options.users.update(userId, { disabled: true });
    forget();
    await send('post', '/quick-login', {}, { username }).expect(401);
    expectEvents(['loginFailed', { username, userId, reason: 'disabled' }]);
  });

  test('GET /check, GET /info and guards', async () => {
    const pair = await tokens();
    const { accessToken, sessionId } = pair;
    const userId = user.id;
    await send('get', '/auth/check', pair).expect(200);
    await send('get', '/auth/info', pair).expect(200);
    await send('get', '/auth/check').expect(401);
    await send('get', '/optional', { accessToken: nonCanonical(accessToken) }).expect(204);
    expectEvents();

    await send('get', '/auth/info', { accessToken: nonCanonical(accessToken) }).expect(401);
    const forged = { code: 'ACCESS_TOKEN_INVALID', userId: undefined, sessionId: undefined } as const;
    expectEvents(['refused', { ...forged, method: 'GET', route: '/auth/info' }]);
    await send('delete', '/posts/7', pair).expect(403);
    const who = { userId, sessionId };
    expectEvents(['refused', { code: 'FORBIDDEN', method: 'DELETE', route: '/posts/:id', ...who }]);

    await backend.options.refreshTokens.revoke(userId, sessionId);
    forget();
    await send('get', '/checked/with-a-secret', pair).expect(401);
    expectEvents(['refused', { code: 'SESSION_REVOKED', method: 'GET', route: '/checked', ...who }]);
    clock.advance(3600);
    await send('get', '/auth/check', pair).expect(401);
    expectEvents();
  });

  test('GET /info of a disabled user', async () => {
    const { accessToken, sessionId } = await tokens();
    const find = jest.spyOn(backend.options.users, 'findById').mockResolvedValue(undefined);
    await send('get', '/auth/info', { accessToken }).expect(401);
    find.mockRestore();
    const who = { userId: user.id, sessionId };
    const refused = { code: 'ACCESS_TOKEN_INVALID', method: 'GET', route: '/auth/info' } as const;
    expectEvents(['refused', { ...refused, ...who }]);
  });

  test.each(['login', 'register', 'refresh', 'logout', 'logout-all', 'password'])(
    'POST /%s from another site',
    async (path) => {
      const pair = await tokens();
      await post(path, {}, pair).set('Origin', 'https://evil.example').expect(403);
      const noUser = { userId: undefined, sessionId: undefined };
      const refused = { code: 'CROSS_SITE_REQUEST', method: 'POST', route: `/auth/${path}` } as const;
      expectEvents(['refused', { ...refused, ...noUser }]);
    },
  );

  test('POST /refresh', async () => {
    const { refreshToken, accessToken, sessionId } = await tokens();
    const who = { userId: user.id, sessionId };
    await post('refresh', {}).expect(401);
    await post('refresh', {}, { refreshToken }).set('Idempotency-Key', ' ').expect(400);
    expectEvents();
    await post('refresh', {}, { refreshToken }).set('Idempotency-Key', 'one').expect(200);
    expectEvents(['refresh', { ...who, replayed: false }]);
    clock.advance(60);
    await post('refresh', {}, { refreshToken }).set('Idempotency-Key', 'one').expect(200);
    expectEvents(['refresh', { ...who, replayed: true }]);
    await post('refresh', {}, { refreshToken: nonCanonical(refreshToken) }).expect(401);
    const noUser = { userId: undefined, sessionId: undefined };
    expectEvents(['refreshFailed', { code: 'REFRESH_TOKEN_INVALID', ...noUser }]);

    await post('refresh', {}, { refreshToken }).expect(401);
    expectEvents(['reuse', { ...who, generation: 1 }]);
    await post('refresh', {}, { refreshToken }).expect(401);
    expectEvents(['refreshFailed', { code: 'SESSION_NOT_FOUND', ...who }]);
    await post('logout', {}, { refreshToken, accessToken }).expect(200);
    expectEvents();
    clock.advance(4 * 3600);
    await post('refresh', {}, { refreshToken }).expect(401);
    expectEvents(['refreshFailed', { code: 'REFRESH_TOKEN_EXPIRED', ...who }]);
  });

  test('POST /refresh of a user who has been disabled', async () => {
    const { refreshToken, sessionId } = await tokens();
    const userId = user.id;
    const find = jest.spyOn(backend.options.users, 'findById').mockResolvedValue({ ...user, disabled: true });
    await post('refresh', {}, { refreshToken }).expect(401);
    expectEvents(
      ['revoked', { userId, sessionIds: [sessionId], reason: 'user-gone' }],
      ['refreshFailed', { code: 'SESSION_NOT_FOUND', userId, sessionId }],
    );
    await post('refresh', {}, { refreshToken }).expect(401);
    expectEvents(['refreshFailed', { code: 'SESSION_NOT_FOUND', userId, sessionId }]);
    find.mockRestore();
  });

  test('POST /logout and POST /logout-all', async () => {
    const userId = user.id;
    const first = await tokens();
    const second = await tokens();
    const third = await tokens();
    const leave = { refreshToken: first.refreshToken };
    await post('logout', {}, leave).expect(200);
    expectEvents(['revoked', { userId, sessionIds: [first.sessionId], reason: 'logout' }]);
    await post('logout', {}, leave).expect(200);
    await post('logout', {}).expect(200);
    await post('logout-all', {}).expect(401);
    expectEvents();
    await post('logout-all', {}, second).expect(200);
    const sessionIds = expect.arrayContaining([second.sessionId, third.sessionId]) as string[];
    expectEvents(['revoked', { userId, sessionIds, reason: 'logout-all' }]);
  });

  test('/sessions', async () => {
    const userId = user.id;
    const first = await tokens();
    const second = await tokens();
    const third = await tokens();
    await send('get', '/auth/sessions', first).expect(200);
    await send('delete', '/auth/sessions/of-nobody', first).expect(404);
    expectEvents();
    await send('delete', `/auth/sessions/${second.sessionId}`, first).expect(204);
    const reason = 'session-ended';
    expectEvents(['revoked', { userId, sessionIds: [second.sessionId], reason }]);
    await send('delete', `/auth/sessions/${second.sessionId}`, first).expect(404);
    expectEvents();
    await send('delete', '/auth/sessions', first).expect(200);
    expectEvents(['revoked', { userId, sessionIds: [third.sessionId], reason }]);
    await send('delete', '/auth/sessions', first).expect(200);
    expectEvents();
  });

  test('POST /password', async () => {
    const userId = user.id;
    const { sessionId, ...pair } = await tokens();
    const other = await tokens();
    const who = { userId, sessionId };
    const change = (currentPassword: string) =>
      post('password', { currentPassword, newPassword: NEW_PASSWORD }, pair);
    await post('password', { currentPassword: PASSWORD }, pair).expect(400);
    expectEvents();
    await change(PASSWORD).expect(200);
    expectEvents(
      ['revoked', { userId, sessionIds: [other.sessionId], reason: 'password-changed' }],
      ['revoked', { userId, sessionIds: [sessionId], reason: 'password-changed' }],
      ['passwordChanged', { ...who, nextSessionId: expect.any(String) as string }],
    );
    const { sessionId: next, ...nextPair } = await tokens();
    const guess = (currentPassword: string) =>
      post('password', { currentPassword, newPassword: PASSWORD }, nextPair);
    const nextWho = { userId, sessionId: next };
    await guess(GUESS).expect(401);
    expectEvents(['passwordChangeFailed', { code: 'INVALID_CREDENTIALS', ...nextWho }]);
    await guess(NEW_PASSWORD).expect(429);
    const retryAfterSeconds = expect.any(Number) as number;
    expectEvents(['locked', { limit: 'password', key: userId, retryAfterSeconds, ...nextWho }]);
  });

  test('server code: without a request the events have no address and no user agent', async () => {
    const userId = user.id;
    const { sessionId } = await tokens();
    const { sessionId: second } = await tokens();
    const { sessionId: third } = await tokens();
    const nowhere = { ip: undefined, userAgent: undefined };
    const reason = 'server';
    await testApp.auth.sessions.revoke(userId, sessionId);
    expectEvents(['revoked', { userId, sessionIds: [sessionId], reason, ...nowhere }]);
    await testApp.auth.sessions.revoke(userId, sessionId);
    expectEvents();
    await testApp.auth.sessions.revokeAll(userId, { except: third });
    expectEvents(['revoked', { userId, sessionIds: [second], reason, ...nowhere }]);
    await backend.options.users.delete(userId);
    expectEvents(['revoked', { userId, sessionIds: [third], reason: 'user-gone', ...nowhere }]);
  });
});

describe('events between two steps of a request', () => {
  const users = new MemoryUserStore();
  const refreshTokens = new MemoryRefreshTokenStore();
  const testApp = createTestApp({ users, refreshTokens });
  const announced: [string, object][] = [];
  const outage = new AuthError('SERVICE_UNAVAILABLE', { cause: new Error('down') });
  let ann: StoredUser;

  beforeAll(async () => {
    ann = await users.create({ username: 'ann', passwordHash });
    testApp.auth.events.onAny(({ type, at: _at, ...details }) => announced.push([type, details]));
  });
  beforeEach(() => void (announced.length = 0));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => testApp.auth.close());

  test('an outage is announced with its cause, once', async () => {
    const browser = await testApp.loggedIn('ann');
    announced.length = 0;
    jest.spyOn(users, 'findById').mockRejectedValue(outage);
    expect((await browser.get('/auth/info')).status).toBe(503);
    expect((await browser.post('/auth/refresh')).status).toBe(503);
    expect(announced).toEqual([
      ['unavailable', { error: outage }],
      ['unavailable', { error: outage }],
    ]);
  });

  test('too many failures from one address', async () => {
    const limited = createTestApp({ users, limits: { address: { failures: 1 } } });
    limited.auth.events.onAny(({ type, at: _at, ...details }) => announced.push([type, details]));
    const login = () => limited.client().post('/auth/login').send({ username: 'eve', password: GUESS });
    await login().expect(401);
    await login().expect(429);
    const details = { limit: 'address', key: '127.0.0.1', userId: undefined };
    expect(announced).toEqual([
      ['loginFailed', expect.anything()],
      ['locked', expect.objectContaining(details)],
    ]);
    await limited.auth.close();
  });

  test.each<[string, Partial<StoredUser> | undefined]>([
    ['unknown-user', undefined],
    ['disabled', { disabled: true }],
    ['password-changed', { passwordHash: 'another' }],
  ])('a login fails when the user changes during it: %s', async (reason, change) => {
    const current = change && { ...ann, ...change };
    // /quick-login itself also looks up the user.
    const find = jest.spyOn(users, 'findById').mockResolvedValue(current);
    find.mockResolvedValueOnce(ann).mockResolvedValueOnce(ann);
    await testApp.client().post('/quick-login').send({ username: 'ann' }).expect(401);
    expect(announced).toEqual([
      ['loginFailed', expect.objectContaining({ userId: ann.id, username: 'ann', reason })],
    ]);
  });

  describe('a password change', () => {
    const change = async () => {
      const { accessToken } = await testApp.tokensOf('ann');
      announced.length = 0;
      return testApp
        .client()
        .post('/auth/password')
        .set('Authorization', `Bearer ${accessToken}`)
        .send({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    };
    const names = () => announced.map(([type]) => type);

    test('fails when another one came first', async () => {
      jest.spyOn(users, 'updatePasswordHash').mockResolvedValue(false);
      expect((await change()).status).toBe(401);
      expect(names()).toEqual(['passwordChangeFailed']);
    });

    test('fails when the user has just been deleted', async () => {
      const find = jest.spyOn(users, 'findById').mockImplementation(() => Promise.resolve(ann));
      const { accessToken } = await testApp.tokensOf('ann');
      find.mockResolvedValue(undefined);
      announced.length = 0;
      const response = await testApp
        .client()
        .post('/auth/password')
        .set('Authorization', `Bearer ${accessToken}`)
        .send({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
      expect(response.status).toBe(401);
      expect(announced).toEqual([
        ['passwordChangeFailed', expect.objectContaining({ code: 'ACCESS_TOKEN_INVALID', userId: ann.id })],
      ]);
    });

    test('is not announced when an outage causes it to be undone', async () => {
      jest.spyOn(refreshTokens, 'revokeAll').mockRejectedValue(outage);
      expect((await change()).status).toBe(503);
      expect(names()).toEqual(['unavailable']);
    });

    test('is announced when an outage prevents undoing it', async () => {
      jest.spyOn(refreshTokens, 'revokeAll').mockRejectedValue(outage);
      jest.spyOn(users, 'updatePasswordHash').mockResolvedValueOnce(true).mockRejectedValue(outage);
      expect((await change()).status).toBe(503);
      expect(names()).toEqual(['passwordChanged', 'unavailable']);
    });

    test('is announced although its own session has ended meanwhile', async () => {
      const updatePasswordHash = users.updatePasswordHash.bind(users);
      jest.spyOn(users, 'updatePasswordHash').mockImplementationOnce(async (id, ...hashes) => {
        await refreshTokens.revokeAll(id);
        return updatePasswordHash(id, ...hashes);
      });
      expect((await change()).status).toBe(401);
      expect(announced).toEqual([
        ['passwordChanged', expect.objectContaining({ userId: ann.id, nextSessionId: undefined })],
      ]);
    });
  });

  test('a logout that worked although its response was lost is announced when it is repeated', async () => {
    const { refreshToken } = await testApp.tokensOf('ann');
    announced.length = 0;
    const revoke = refreshTokens.revoke.bind(refreshTokens);
    jest.spyOn(refreshTokens, 'revoke').mockImplementationOnce(async (...session) => {
      await revoke(...session);
      throw outage;
    });
    const logout = () => testApp.client().post('/auth/logout').send({ refreshToken });
    for (const status of [503, 200, 200]) await logout().expect(status);
    expect(announced.map(([type]) => type)).toEqual(['unavailable', 'revoked']);
  });

  test('when many thieves use one token at once, the first is announced as a reuse', async () => {
    const clock = testClock();
    const held = createTestApp({ users, clock });
    const { refreshToken } = await held.tokensOf('ann');
    const refresh = () => held.client().post('/auth/refresh').send({ refreshToken });
    await refresh().expect(200);
    clock.advance(60);
    const types: string[] = [];
    held.auth.events.onAny(({ type }) => types.push(type));
    await Promise.all([refresh(), refresh(), refresh()]);
    expect(types).toEqual(['reuse', 'refreshFailed', 'refreshFailed']);
    await held.auth.close();
  });
});

describe('failing listeners', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the mail server is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the mail server is down'))],
  ])('a listener that %s does not break a login: the failure becomes a warning', async (_how, listener) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const users = new MemoryUserStore();
    const testApp = createTestApp({ users });
    await users.create({ username: 'ann', passwordHash: null });
    testApp.auth.events.on('login', listener);
    const browser = await testApp.loggedIn('ann');
    expect((await browser.get('/profile')).status).toBe(200);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(/'login'.*the mail server is down/);
    warn.mockRestore();
  });
});
