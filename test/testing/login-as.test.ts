import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type Auth, type UserStore } from '../../src';
import { loginAs, testAuth, type LoginAsOptions, type TestUser } from '../../src/testing';
import { createRealStores, createTestApp } from '../helpers/apps/app';
import { expectFailure } from '../helpers/failures';
import { decodeToken } from '../helpers/tokens/tokens';

/** As drivers of MongoDB have it: compared by `equals`, and with bytes of its own in `id`. */
class ObjectId {
  readonly id = randomBytes(12);
  toString() {
    return this.id.toString('hex');
  }
}

/** A store of the app's own with one user, whose id it compares as it is. */
function storeOf(user: { id: unknown; username: string }): UserStore {
  const find = (isTheirs: boolean) => Promise.resolve(isTheirs ? user : undefined);
  return {
    findByUsername: (username: string) => find(username === user.username),
    findById: (id: unknown) => find(id === user.id),
    create: () => Promise.reject(new Error('one user is enough')),
    updatePasswordHash: () => Promise.resolve(false),
  } as unknown as UserStore;
}

describe.each(['memory', 'PostgreSQL and Redis'])('with stores in %s', (kind) => {
  let testApp: ReturnType<typeof createTestApp>;
  let close = () => Promise.resolve();

  beforeAll(async () => {
    const stores = kind === 'memory' ? undefined : await createRealStores();
    close = async () => stores?.close();
    testApp = createTestApp(stores?.options, (app, auth) => {
      app.get('/fresh', auth.guard({ freshWithin: '5m' }), (_req, res) => res.json({}));
      app.get('/checked', auth.guard({ checkSession: true, roles: ['admin'] }), (_req, res) => res.json({}));
    });
  });
  afterAll(async () => {
    await testApp.auth.close();
    await close();
    expect(testApp.unforeseen).toEqual([]);
  });

  test('the cookie passes guards, refreshes and logs out, since the session is a real one', async () => {
    const ann = await loginAs(testApp.auth, { username: 'Ann', roles: ['admin'] });
    expect(ann.user).toMatchObject({ username: 'Ann', roles: ['admin'] });
    const get = (path: string) => testApp.client().get(path).set('Cookie', ann.cookie);
    expect((await get('/profile')).body).toMatchObject({ id: ann.user.id, sessionId: ann.sessionId });
    expect((await get('/checked')).status).toBe(200);
    expect(await testApp.auth.sessions.list(ann.user.id)).toMatchObject([{ sessionId: ann.sessionId }]);
    const refresh = await testApp.client().post('/auth/refresh').set(ann.headers);
    expect([refresh.status, refresh.headers['set-cookie']?.length]).toEqual([200, 2]);
    expect((await testApp.client().post('/auth/logout').set(ann.headers)).status).toBe(200);
    expectFailure(await get('/profile'), 'SESSION_REVOKED');
  });

  test('the bearer token passes guards, and the refresh token can be exchanged in a body', async () => {
    const { bearer, refreshToken } = await loginAs(testApp.auth, { username: 'bob' });
    expect((await testApp.client().get('/profile').set('Authorization', bearer)).status).toBe(200);
    const refresh = await testApp.client().post('/auth/refresh').send({ refreshToken });
    expect(refresh.body).toMatchObject({ tokenType: 'Bearer' });
  });

  test('a login long ago is not fresh, a recent one is, and one in the future counts as now', async () => {
    const freshness = async (minutes: number) => {
      const authTime = new Date(Date.now() + minutes * 60_000);
      const { cookie } = await loginAs(testApp.auth, { username: 'cleo' }, { authTime });
      return testApp.client().get('/fresh').set('Cookie', cookie);
    };
    expectFailure(await freshness(-6), 'REAUTHENTICATION_REQUIRED');
    expect((await freshness(-4)).status).toBe(200);
    const ahead = await loginAs(
      testApp.auth,
      { username: 'cleo' },
      { authTime: new Date(Date.now() + 60_000) },
    );
    expect(decodeToken(ahead.accessToken).payload['auth_time']).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test('a login long ago stays old after a refresh', async () => {
    const authTime = new Date('2026-01-02T03:04:05Z');
    const { refreshToken } = await loginAs(testApp.auth, { username: 'cleo' }, { authTime });
    const refresh = await testApp.client().post('/auth/refresh').send({ refreshToken });
    const { payload } = decodeToken((refresh.body as { accessToken: string }).accessToken);
    expect(payload['auth_time']).toBe(authTime.getTime() / 1000);
  });

  test('parallel logins of a new username create one user, with a session each', async () => {
    const logins = await Promise.all([1, 2, 3, 4].map(() => loginAs(testApp.auth, { username: 'dora' })));
    expect(new Set(logins.map(({ user }) => user.id)).size).toBe(1);
    expect(new Set(logins.map(({ sessionId }) => sessionId)).size).toBe(4);
  });
});

describe('the argument of loginAs', () => {
  const users = new MemoryUserStore();
  const auth = testAuth({ users });
  afterAll(() => auth.close());

  test('can be a stored user, an id, or a username', async () => {
    const eve = await users.create({ username: 'Eve', passwordHash: null, roles: ['b', 'a'] });
    for (const user of [eve, eve.id, { username: 'eve' }, { username: 'EVE', roles: ['a', 'b'] }]) {
      expect((await loginAs(auth, user)).user).toEqual({ id: eve.id, username: 'Eve', roles: ['b', 'a'] });
    }
  });

  test.each<[kind: string, newId: () => unknown]>([
    ['numbers', () => 4711],
    ['bigints', () => 9007199254740993n],
    ['objects', () => new ObjectId()],
  ])('can be a stored user or an id of a store whose ids are %s', async (_kind, newId) => {
    const stored = { id: newId(), username: 'ann', passwordHash: null, roles: ['member'] };
    const appAuth = testAuth({ users: storeOf(stored) });
    for (const user of [stored, stored.id, { id: stored.id }, { username: 'ann' }]) {
      const { id, username } = (await loginAs(appAuth, user as TestUser)).user;
      expect([id, username]).toEqual([String(stored.id), 'ann']);
    }
    await appAuth.close();
  });

  test("can't be a user who is unknown, has other roles or is disabled", async () => {
    const finn = await users.create({ username: 'finn', passwordHash: null });
    await expect(loginAs(auth, 'finn')).rejects.toThrow("for a username say { username: 'finn' }");
    await expect(loginAs(auth, { username: 'finn', roles: ['admin'] })).rejects.toThrow(
      'finn is stored with the roles [], not [admin]',
    );
    await users.update(finn.id, { disabled: true });
    await expect(loginAs(auth, finn)).rejects.toMatchObject({ code: 'INVALID_CREDENTIALS' });
  });

  test.each([
    [undefined],
    [{}],
    [{ username: ' ' }],
    [{ username: 'ida', roles: 'admin' }],
    [''],
    [1.5],
    [null],
    [true],
    [[]],
    [{ id: '' }],
    [{ id: {} }],
  ])("can't be %j, which is a mistake in the test", async (user) => {
    await expect(loginAs(auth, user as unknown as string)).rejects.toThrow(
      'needs a stored user, an id, or { username, roles }',
    );
  });

  test('may set the address and the user agent of the session', async () => {
    const gus = await loginAs(auth, { username: 'gus' }, { ip: '192.0.2.7', userAgent: 'Gus/1.0' });
    const session = { ip: '192.0.2.7', userAgent: 'Gus/1.0', remember: false };
    expect(await auth.sessions.list(gus.user.id)).toMatchObject([session]);
    const { user } = await loginAs(auth, { username: 'hal' }, { remember: true });
    expect(await auth.sessions.list(user.id)).toMatchObject([{ ip: '127.0.0.1', remember: true }]);
  });
});

test.each([
  [
    { user_agent: 'x' },
    'Unknown option user_agent: known are acceptMfa, amr, authTime, ip, remember, userAgent (did you mean userAgent?)',
  ],
  [{ transport: 'body' }, 'Unknown option transport: known are'],
  [{ redirectTo: '/' }, 'Unknown option redirectTo: known are'],
])('loginAs refuses the unknown option %j', async (options, message) => {
  const auth = testAuth();
  await expect(loginAs(auth, { username: 'ann' }, options as LoginAsOptions)).rejects.toThrow(message);
  await auth.close();
});

test('loginAs rejects with what the store throws', async () => {
  const refreshTokens = new MemoryRefreshTokenStore();
  const broken = new Error('no such table');
  refreshTokens.create = () => Promise.reject(broken);
  const auth = testAuth({ refreshTokens });
  await expect(loginAs(auth, { username: 'ann' })).rejects.toBe(broken);
  await auth.close();
});

test('loginAs passes further options to completeLogin', async () => {
  const auth = testAuth();
  const { accessToken } = await loginAs(auth, { username: 'ann' }, { amr: ['pwd', 'otp'] });
  expect(decodeToken(accessToken).payload['amr']).toEqual(['pwd', 'otp']);
  await auth.close();
});

test('the cookie has the names that the Auth uses', async () => {
  const auth = testAuth({ cookies: { accessName: 'refresh', refreshName: 'access' } });
  const { cookie, accessToken, refreshToken } = await loginAs(auth, { username: 'ann' });
  expect(cookie).toBe(`refresh=${accessToken}; access=${refreshToken}`);
  expect(decodeToken(refreshToken).header['typ']).toBe('rt+jwt');
  await auth.close();
});

test("loginAs works with the test runner's fake timers", async () => {
  jest.useFakeTimers();
  try {
    const auth = testAuth({ clock: Date.now });
    expect((await loginAs(auth, { username: 'ann' })).cookie).toMatch(/^accessToken=/);
    await auth.close();
  } finally {
    jest.useRealTimers();
  }
});

describe('the link between an Auth and loginAs', () => {
  const secret = (letter: string) => `${letter} secret of more than 32 characters`;
  const auth: Auth = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: secret('a') },
    refreshToken: { secret: secret('b') },
  });
  afterAll(() => auth.close());

  test('adds no member to an Auth, and shows nothing of its store when the Auth is printed', () => {
    const names = [
      'changePassword',
      'close',
      'completeLogin',
      'endSession',
      'errorHandler',
      'events',
      'flowState',
      'guard',
      'login',
      'logout',
      'openapi',
      'passport',
      'passwords',
      'ready',
      'register',
      'renew',
      'requireFresh',
      'requireRoles',
      'router',
      'sessions',
      'socketIo',
    ];
    expect(Object.keys(auth).sort()).toEqual([
      ...names,
      'startSession',
      'textOf',
      'tokenVerify',
      'upgrade',
      'usernames',
      'verify',
    ]);
    expect(inspect(auth, { depth: 1 })).not.toMatch(/UserStore|passport-visa\.users/);
    expect(JSON.stringify(Object.keys({ ...auth }))).not.toContain('users');
  });

  test('is missing in a copy of an Auth, which is refused with the reason', async () => {
    await expect(loginAs({ ...auth }, { username: 'ann' })).rejects.toThrow('not a copy');
  });
});
