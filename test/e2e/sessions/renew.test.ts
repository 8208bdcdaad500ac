import cookieParser from 'cookie-parser';
import type { RequestHandler, Response } from 'express';
import express4 from 'express4';
import { setTimeout as sleep } from 'node:timers/promises';
import request from 'supertest';
import {
  AuthError,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type AuthErrorCode,
  type GuardOptions,
  type RotateRequest,
} from '../../../src/index';
import { clearsCookies, cookieHeader, createTestApp, setCookies } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { expectFailure, type FailureName } from '../../helpers/failures';
import { testClock } from '../../../src/testing/index';
import { useRealApp } from '../../helpers/apps/real-app';

const LIFE = 30 * 60;
const HALF = LIFE / 2;
const WINDOW = 30;

class CountingStore extends MemoryRefreshTokenStore {
  rotations = 0;
  revocations = 0;
  isDown = false;

  override rotate(request: RotateRequest) {
    this.rotations += 1;
    return this.isDown ? Promise.reject(new AuthError('SERVICE_UNAVAILABLE')) : super.rotate(request);
  }

  override revoke(userId: string, sessionId: string) {
    this.revocations += 1;
    return super.revoke(userId, sessionId);
  }
}

const clock = testClock();
const users = new MemoryUserStore();
const refreshTokens = new CountingStore();
const whoami: RequestHandler = (req, res) => void res.json({ user: req.user, authInfo: req.authInfo });
const showCookies: RequestHandler = (req, res) => void res.json(req.cookies);
const CACHED = 'public, max-age=60';
const writeHeaders: Record<'object' | 'list' | 'message', (res: Response) => unknown> = {
  object: (res) => res.writeHead(200, { 'Cache-Control': CACHED, 'X-Page': 'kept' }),
  list: (res) => res.writeHead(200, ['cache-control', CACHED, 'X-Page', 'kept']),
  message: (res) => res.writeHead(200, 'Fine', { 'CACHE-CONTROL': CACHED, 'X-Page': 'kept' }),
};
/** How many requests have come for the pages below. */
let arrived = 0;
const testApp = createTestApp({ users, refreshTokens, clock }, (app, auth) => {
  app.use((_req, _res, next) => {
    arrived += 1;
    next();
  });
  const pages: Record<string, GuardOptions> = {
    '/page': {},
    '/home': { optional: true },
    '/admin': { roles: ['admin'] },
    '/fresh': { freshWithin: '5m' },
    '/loaded': { loadUser: true, checkSession: true },
  };
  for (const [path, options] of Object.entries(pages))
    app.all(path, auth.guard({ ...options, renew: true }), whoami);
  app.use('/area', auth.guard({ optional: true, renew: true }));
  app.get('/area/plain', auth.tokenVerify, whoami);
  app.get('/area/renewing', auth.guard({ renew: true }), whoami);
  app.get('/area/home', auth.guard({ optional: true, renew: true }), whoami);
  app.get('/area/logout', (req, res, next) => {
    req.url = '/logout';
    auth.router(req, res, next);
  });
  app.get('/area/refresh', (req, res, next) => {
    req.url = '/refresh';
    auth.router(req, res, next);
  });
  app.get('/parsed-before', cookieParser(), auth.guard({ renew: true }), auth.tokenVerify, showCookies);
  app.get('/parsed-after', auth.guard({ renew: true }), cookieParser(), showCookies);
  app.get('/cacheable', auth.guard({ renew: true }), (_req, res) => {
    res.set('Cache-Control', 'public, max-age=60').json({});
  });
  app.get('/public', auth.guard({ optional: true, renew: true }), (_req, res) => {
    res.set('Cache-Control', 'public, max-age=60').json({});
  });
  app.get('/written/:form', auth.guard({ renew: true }), (req, res) => {
    writeHeaders[req.params.form as keyof typeof writeHeaders](res);
    res.end();
  });
});
let counter = 0;

beforeEach(() => {
  refreshTokens.rotations = 0;
  refreshTokens.revocations = 0;
  refreshTokens.isDown = false;
});
afterAll(async () => {
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
});

type Tokens = { accessToken?: string | undefined; refreshToken?: string | undefined };

/** Creates a user with a session. */
async function createLoggedInUser(roles: string[] = []) {
  counter += 1;
  const { id, username } = await users.create({ username: `user ${counter}`, passwordHash: null, roles });
  return { id, ...(await testApp.tokensOf(username)) };
}

function send(method: 'get' | 'post' | 'head', path: string, tokens: Tokens, headers = {}) {
  const { accessToken, refreshToken } = tokens;
  const cookies = {
    theme: 'dark',
    ...(accessToken !== undefined && { accessToken }),
    ...(refreshToken && { refreshToken }),
  };
  const request = testApp.client()[method](path);
  return request.set({ Cookie: cookieHeader(cookies), ...headers });
}
const visit = (path: string, tokens: Tokens, headers = {}) => send('get', path, tokens, headers);

/** The pair of tokens that a response sets. */
function renewed(response: { headers: object }): { accessToken: string; refreshToken: string } {
  const { accessToken, refreshToken } = setCookies(response);
  if (!accessToken?.value || !refreshToken?.value) throw new Error('the answer sets no tokens');
  return { accessToken: accessToken.value, refreshToken: refreshToken.value };
}

function expectUntouched(response: { headers: object }): void {
  expect((response.headers as Record<string, unknown>)['set-cookie']).toBeUndefined();
}

describe('a guard with renew', () => {
  test('renews nothing in the first half of the access token’s life, and asks no store', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(HALF);
    const response = await visit('/page', tokens);
    expect([response.status, response.body.user.id, refreshTokens.rotations]).toEqual([200, tokens.id, 0]);
    expectUntouched(response);
    expect(response.headers['cache-control']).toBeUndefined();
  });

  test.each<[string, number, (tokens: Tokens) => Tokens]>([
    ['has less than half of its life left', HALF + 1, (tokens) => tokens],
    ['has expired', LIFE, (tokens) => tokens],
    ['is missing', 0, ({ refreshToken }) => ({ refreshToken })],
    ['is empty', 0, ({ refreshToken }) => ({ refreshToken, accessToken: '' })],
    ['can not be read', 0, ({ refreshToken }) => ({ refreshToken, accessToken: 'garbage' })],
  ])('renews when the access token %s', async (_what, seconds, change) => {
    const events: unknown[] = [];
    testApp.auth.events.once('refresh', (event) => events.push(event));
    const tokens = await createLoggedInUser();
    const login = (await visit('/page', tokens)).body.user;
    clock.advance(seconds);
    const response = await visit('/page', change(tokens));
    expect([response.status, response.body.user]).toEqual([200, login]);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(events).toMatchObject([{ userId: tokens.id, replayed: false }]);
    const next = renewed(response);
    const again = await visit('/profile', next);
    expect([again.status, again.body]).toEqual([200, login]);
    clock.advance(HALF + 1);
    expect((await visit('/page', next)).status).toBe(200);
  });

  test('sets the cookies with the attributes that the login gave them', async () => {
    await createLoggedInUser();
    for (const remember of [true, false]) {
      const browser = testApp.browser();
      const login = await browser.post('/quick-login').send({ username: `user ${counter}`, remember });
      clock.advance(LIFE);
      const attributes = (response: { headers: object }) =>
        Object.values(setCookies(response)).map((cookie) => cookie.attributes);
      expect(attributes(await browser.get('/page'))).toEqual(attributes(login));
    }
  });

  test('works like any other guard without a refresh token', async () => {
    const { accessToken } = await createLoggedInUser();
    expectFailure(await visit('/page', {}), 'NO_ACCESS_TOKEN');
    clock.advance(LIFE - 1);
    expect((await visit('/page', { accessToken })).status).toBe(200);
    clock.advance(1);
    const response = await visit('/page', { accessToken });
    expectFailure(response, 'ACCESS_TOKEN_EXPIRED');
    expectUntouched(response);
  });

  test('never renews for a bearer token, even beside cookies', async () => {
    const tokens = await createLoggedInUser();
    const bearer = { Authorization: `Bearer ${tokens.accessToken}` };
    clock.advance(LIFE - 1);
    const good = await visit('/page', tokens, bearer);
    expect(good.status).toBe(200);
    expectUntouched(good);
    clock.advance(1);
    expectFailure(await visit('/page', tokens, bearer), 'ACCESS_TOKEN_EXPIRED');
    expect(refreshTokens.rotations).toBe(0);
  });

  test("also renews when a form on the app's own page is posted", async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await send('post', '/page', tokens, { 'Sec-Fetch-Site': 'same-origin' });
    expect([response.status, renewed(response)]).toEqual([200, expect.anything()]);
  });

  test('accepts only true and false for renew', () => {
    expect(() => testApp.auth.guard({ renew: 'yes' as never })).toThrow(/renew/);
    expect(() => testApp.auth.guard({ renews: true } as never)).toThrow(
      /Unknown option renews: known are .*renew/,
    );
  });
});

describe("the guard's other checks use the new token", () => {
  test('roles that were given or taken away in the store apply at once', async () => {
    const tokens = await createLoggedInUser(['admin']);
    await users.update(tokens.id, { roles: [] });
    expect((await visit('/admin', tokens)).status).toBe(200);
    clock.advance(HALF + 1);
    const refused = await visit('/admin', tokens);
    expectFailure(refused, 'FORBIDDEN');
    await users.update(tokens.id, { roles: ['admin'] });
    clock.advance(HALF + 1);
    expect((await visit('/admin', renewed(refused))).body.user.roles).toEqual(['admin']);
  });

  test('a renewal does not make a login younger', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    expectFailure(await visit('/fresh', tokens), 'REAUTHENTICATION_REQUIRED');
  });

  test('loadUser and checkSession work', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await visit('/loaded', tokens);
    expect(response.body.user).toMatchObject({ id: tokens.id, username: `user ${counter}` });
    await testApp.auth.sessions.revokeAll(tokens.id);
    expectFailure(await visit('/loaded', renewed(response)), 'SESSION_REVOKED');
  });
});

describe('a failed renewal answers like /refresh, and clears the cookies', () => {
  const cases: [string, FailureName & AuthErrorCode, (tokens: Tokens & { id: string }) => Promise<Tokens>][] =
    [
      [
        'a revoked session',
        'SESSION_NOT_FOUND',
        (tokens) => testApp.auth.sessions.revokeAll(tokens.id).then(() => tokens),
      ],
      [
        'a disabled user',
        'SESSION_NOT_FOUND',
        (tokens) => users.update(tokens.id, { disabled: true }).then(() => tokens),
      ],
      [
        'an expired session',
        'REFRESH_TOKEN_EXPIRED',
        (tokens) => {
          clock.advance(3 * 60 * 60);
          return Promise.resolve(tokens);
        },
      ],
      [
        'an invalid refresh token',
        'REFRESH_TOKEN_INVALID',
        (tokens) => Promise.resolve({ ...tokens, refreshToken: 'garbage' }),
      ],
      [
        'a token that was exchanged before',
        'REFRESH_TOKEN_REUSED',
        async (tokens) => {
          await visit('/page', tokens);
          clock.advance(WINDOW + 1);
          return tokens;
        },
      ],
    ];

  test.each(cases)('%s: %s', async (_what, code, happen) => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await visit('/page', await happen(tokens));
    expectFailure(response, code);
    expect(clearsCookies(response)).toBe(true);
  });

  test.each(cases)('%s passes as anonymous where the guard is optional: %s', async (_what, code, happen) => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await visit('/home', await happen(tokens));
    expect([response.status, response.body]).toEqual([200, { authInfo: { code } }]);
    expect(clearsCookies(response)).toBe(true);
  });
});

describe('while the access token is still valid', () => {
  test('the token of a session that has ended elsewhere is never renewed', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(HALF + 1);
    // As if the session was ended without a revocation that this process could have received.
    const rotate = jest.spyOn(refreshTokens, 'rotate').mockResolvedValueOnce({ outcome: 'unknown' });
    const response = await visit('/page', tokens);
    expectFailure(response, 'SESSION_NOT_FOUND');
    expect(clearsCookies(response)).toBe(true);
    rotate.mockRestore();
    expectFailure(await visit('/profile', tokens), 'SESSION_REVOKED');
  });

  test('a replayed token ends the session at once', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(HALF + 1);
    await visit('/page', tokens);
    clock.advance(WINDOW + 1);
    expectFailure(await visit('/page', tokens), 'REFRESH_TOKEN_REUSED');
    expectFailure(await visit('/profile', tokens), 'SESSION_REVOKED');
  });

  test('an invalid refresh token changes nothing', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(HALF + 1);
    const response = await visit('/page', { ...tokens, refreshToken: 'garbage' });
    expect(response.body.user.id).toBe(tokens.id);
    expectUntouched(response);
  });

  test("another user's refresh token doesn't change the user", async () => {
    const [ann, eve] = [await createLoggedInUser(), await createLoggedInUser()];
    clock.advance(HALF + 1);
    const response = await visit('/page', { accessToken: ann.accessToken, refreshToken: eve.refreshToken });
    expect([response.body.user.id, refreshTokens.rotations]).toEqual([ann.id, 0]);
    expectUntouched(response);
  });
});

describe('whether a request may renew', () => {
  const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  const others: [string, object][] = [
    ['a script of another site', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' }],
    ['a script of a sister subdomain', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }],
    ['an image on another site', { ...link, 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' }],
    ['a frame on another site', { ...link, 'Sec-Fetch-Dest': 'iframe' }],
    ['a foreign Origin', { Origin: 'https://evil.example' }],
  ];

  test('a link on another site renews an expired access token, but not a valid one', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE - 1);
    const good = await visit('/page', tokens, link);
    expect(good.status).toBe(200);
    expectUntouched(good);
    clock.advance(1);
    expect(renewed(await visit('/page', tokens, link))).toEqual(expect.anything());
  });

  test.each(others)('%s renews nothing', async (_what, headers) => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE - 1);
    const good = await visit('/page', tokens, headers);
    expect(good.status).toBe(200);
    expectUntouched(good);
    clock.advance(1);
    const response = await visit('/page', tokens, headers);
    expectFailure(response, 'ACCESS_TOKEN_EXPIRED');
    expectUntouched(response);
    expect(refreshTokens.rotations).toBe(0);
  });

  test.each([...others, ['a form of another site', link] as const])(
    'a POST by %s renews nothing and is refused',
    async (_what, headers) => {
      const tokens = await createLoggedInUser();
      clock.advance(LIFE);
      expectFailure(await send('post', '/page', tokens, headers), 'CROSS_SITE_REQUEST');
      expectFailure(
        await send('post', '/page', { refreshToken: tokens.refreshToken }, headers),
        'NO_ACCESS_TOKEN',
      );
      expect(refreshTokens.rotations).toBe(0);
    },
  );

  test('HEAD never renews', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await send('head', '/page', tokens);
    expect([response.status, refreshTokens.rotations]).toEqual([401, 0]);
    expectUntouched(response);
  });

  test.each(['/page', '/home'])(
    'a prefetch of %s passes, or is refused so the browser requests the page again',
    async (path) => {
      const tokens = await createLoggedInUser();
      const prefetch = { 'Sec-Purpose': 'prefetch;prerender', 'Sec-Fetch-Site': 'same-origin' };
      clock.advance(LIFE - 1);
      const good = await visit(path, tokens, prefetch);
      expect([good.status, good.body.user.id]).toEqual([200, tokens.id]);
      expectUntouched(good);
      clock.advance(1);
      const response = await visit(path, tokens, prefetch);
      expectFailure(response, 'CROSS_SITE_REQUEST');
      expectUntouched(response);
      expect(refreshTokens.rotations).toBe(0);
    },
  );
});

describe('parallel requests and lost responses', () => {
  test('ten requests from one page share one exchange', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const find = users.findById.bind(users);
    arrived = 0;
    const slow = jest.spyOn(users, 'findById').mockImplementation(async (id) => {
      await eventually('all requests are here', () => Promise.resolve(arrived === 10));
      await sleep(300);
      return find(id);
    });
    const requests = Array.from({ length: 10 }, () => visit('/page', tokens).then((response) => response));
    const responses = await Promise.all(requests);
    slow.mockRestore();
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(new Set(responses.map((response) => renewed(response).refreshToken)).size).toBe(1);
    expect(refreshTokens.rotations).toBe(1);
  });

  test('a lost response is repeated byte for byte within the reuse window', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const lost = renewed(await visit('/page', tokens));
    clock.advance(WINDOW);
    expect(renewed(await visit('/page', tokens)).refreshToken).toBe(lost.refreshToken);
  });

  test('a thief who follows every step of the user is detected: no exchange can be repeated for ever', async () => {
    let [user, thief]: [Tokens, Tokens] = await createLoggedInUser().then((stolen) => [
      stolen,
      { ...stolen },
    ]);
    const codes: unknown[] = [];
    for (let step = 0; step < 3; step += 1) {
      clock.advance(HALF + 1);
      const ahead = await visit('/page', user);
      if (ahead.status === 200) user = renewed(ahead);
      clock.advance(60);
      const behind = await visit('/page', thief);
      codes.push(behind.body.code);
      if (behind.status === 200) thief = renewed(behind);
    }
    expect(codes[0]).toBe('REFRESH_TOKEN_REUSED');
  });
});

describe('while the store is down', () => {
  test.each(['/page', '/home'])(
    '%s without a valid access token gets 503, and the cookies stay',
    async (path) => {
      const tokens = await createLoggedInUser();
      clock.advance(LIFE);
      refreshTokens.isDown = true;
      const response = await visit(path, tokens);
      expectFailure(response, 'SERVICE_UNAVAILABLE');
      expectUntouched(response);
      refreshTokens.isDown = false;
      expect((await visit(path, tokens)).body.user.id).toBe(tokens.id);
    },
  );

  test('a request with a valid access token passes, the store is asked once in five seconds, and tokens are renewed when it is back', async () => {
    const failures: unknown[] = [];
    const listener = (event: unknown) => failures.push(event);
    testApp.auth.events.on('unavailable', listener);
    const tokens = await createLoggedInUser();
    clock.advance(HALF + 1);
    refreshTokens.isDown = true;
    for (let visits = 0; visits < 3; visits += 1) {
      const response = await visit('/page', tokens);
      expect([response.status, response.body.user.id]).toEqual([200, tokens.id]);
      expectUntouched(response);
    }
    expect([refreshTokens.rotations, failures.length]).toEqual([1, 1]);
    refreshTokens.isDown = false;
    clock.advance(5);
    expect(renewed(await visit('/page', tokens))).toEqual(expect.anything());
    testApp.auth.events.off('unavailable', listener);
  });
});

describe('several guards and readers of one request', () => {
  test.each(['/area/plain', '/area/renewing', '/area/home'])('%s sees the renewed token', async (path) => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await visit(path, tokens);
    expect([response.status, response.body.user?.id, refreshTokens.rotations]).toEqual([200, tokens.id, 1]);
    expect(response.headers['set-cookie']).toHaveLength(2);
  });

  test.each(['/parsed-before', '/parsed-after'])(
    '%s: req.cookies has the renewed token and the other cookies',
    async (path) => {
      const tokens = await createLoggedInUser();
      clock.advance(LIFE);
      const response = await visit(path, tokens);
      const { accessToken } = renewed(response);
      expect(response.body).toEqual({ theme: 'dark', accessToken, refreshToken: tokens.refreshToken });
    },
  );

  test('a renewal that fails for one guard fails for all of them', async () => {
    const tokens = await createLoggedInUser();
    await testApp.auth.sessions.revokeAll(tokens.id);
    clock.advance(LIFE);
    const response = await visit('/area/renewing', tokens);
    expectFailure(response, 'SESSION_NOT_FOUND');
    expect(response.headers['set-cookie']).toHaveLength(2);
    const home = await visit('/area/home', tokens);
    expect(home.body).toEqual({ authInfo: { code: 'SESSION_NOT_FOUND' } });
    // A session that is known to have ended is ended again, and not rotated.
    expect([refreshTokens.rotations, refreshTokens.revocations]).toEqual([0, 2]);
  });

  test('a refresh in the same request gets the same successor, so parallel requests stay within the reuse window', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const response = await visit('/area/refresh', tokens).set('Sec-Fetch-Site', 'same-origin');
    const lines = response.headers['set-cookie'] as unknown as string[];
    const successors = lines.filter((line) => line.startsWith('refreshToken='));
    expect([response.status, successors.length, new Set(successors).size]).toEqual([200, 2, 1]);
    expect((await visit('/page', tokens)).status).toBe(200);
  });

  test('a logout in the same request wins', async () => {
    const tokens = await createLoggedInUser();
    clock.advance(LIFE);
    const browser = testApp.browser();
    const headers = { Cookie: cookieHeader({ ...tokens, id: '' }), 'Sec-Fetch-Site': 'same-origin' };
    const response = await browser.get('/area/logout').set(headers);
    expect(response.status).toBe(200);
    expect((response.headers['set-cookie'] as unknown as string[]).slice(-2).join()).toMatch(
      /accessToken=;.*refreshToken=;/,
    );
    expect(await testApp.auth.sessions.list(tokens.id)).toEqual([]);
  });

  test('no cache stores the tokens, even if the page allows caching', async () => {
    const tokens = await createLoggedInUser();
    expect((await visit('/cacheable', tokens)).headers['cache-control']).toBe('public, max-age=60');
    clock.advance(LIFE);
    expect((await visit('/cacheable', tokens)).headers['cache-control']).toBe('no-store');
  });

  test.each(['object', 'list', 'message'])(
    'no cache stores the tokens, even if the page allows caching in writeHead: %s',
    async (form) => {
      const tokens = await createLoggedInUser();
      const path = `/written/${form}`;
      expect((await visit(path, tokens)).headers['cache-control']).toBe('public, max-age=60');
      clock.advance(LIFE);
      const response = await visit(path, tokens);
      expect(response.headers).toMatchObject({ 'cache-control': 'no-store', 'x-page': 'kept' });
      expect(renewed(response)).toEqual(expect.anything());
    },
  );

  test('no cache stores a response that clears the cookies', async () => {
    expect((await visit('/public', {})).headers['cache-control']).toBe('public, max-age=60');
    const response = await visit('/public', { refreshToken: 'garbage' });
    expect([response.status, clearsCookies(response)]).toEqual([200, true]);
    expect(response.headers['cache-control']).toBe('no-store');
  });
});

test('a guard with renew works with Express 4', async () => {
  const tokens = await createLoggedInUser();
  const app = express4();
  app.use(testApp.auth.guard({ optional: true, renew: true }));
  app.get('/page', testApp.auth.tokenVerify, (req, res) => void res.json(req.user));
  clock.advance(LIFE);
  const cookie = cookieHeader({ accessToken: tokens.accessToken, refreshToken: tokens.refreshToken });
  const response = await request(app).get('/page').set('Cookie', cookie);
  expect([response.status, response.body.id]).toEqual([200, tokens.id]);
  expect(renewed(response)).toEqual(expect.anything());
});

describe('on Redis and PostgreSQL, in two processes, with instant revocation', () => {
  const real = useRealApp();
  const other = () =>
    createTestApp(real.stores.options, (app, auth) => app.get('/page', auth.guard({ renew: true }), whoami));

  test('parallel requests all get the same successor, and a revoked session gets none', async () => {
    const apps = [other(), other()];
    await Promise.all(apps.map(({ auth }) => auth.ready()));
    const { refreshToken } = await real.testApp.tokensOf(real.username);
    const ask = (app: (typeof apps)[number]) =>
      app
        .client()
        .get('/page')
        .set('Cookie', cookieHeader({ refreshToken }))
        .then((response) => response);
    const responses = await Promise.all(Array.from({ length: 10 }, () => apps.map(ask)).flat());
    expect(new Set(responses.map((response) => renewed(response).refreshToken)).size).toBe(1);
    expect(responses.every(({ body }) => body.user.id === real.userId)).toBe(true);
    await real.testApp.auth.sessions.revokeAll(real.userId);
    for (const app of apps) expectFailure(await ask(app), 'SESSION_NOT_FOUND');
    await Promise.all(apps.map(({ auth }) => auth.close()));
  });
});
