import express from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import {
  AuthError,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type AuthEvent,
  type SessionTokens,
  type StartSessionOptions,
} from '../../../src/index';
import { eventually } from '../../helpers/eventually';
import { cookieHeader, createTestApp, setCookies } from '../../helpers/apps/app';

const users = new MemoryUserStore();
const refreshTokens = new MemoryRefreshTokenStore();
const events: AuthEvent[] = [];
let ann: { id: string };
let disabled: { id: string };

/** An app that answers its logins in its own way: `{ token }` with 201, and 404 for a logout without a session. */
const testApp = createTestApp(
  { users, refreshTokens, trustedOrigins: ['https://app.example.com'] },
  (app, auth) => {
    app.use(express.json());
    app.post('/own-login', (req, res, next) => {
      const { user, options } = req.body as { user: { id: string }; options?: StartSessionOptions };
      auth.startSession(req, res, user, options).then((tokens) => res.status(201).json({ tokens }), next);
    });
    app.get('/callback', (req, res, next) => {
      auth.startSession(req, res, ann).then(() => res.redirect('/'), next);
    });
    app.post('/answered', (req, res, next) => {
      res.json({});
      auth.startSession(req, res, ann).then(() => undefined, next);
    });
    app.post('/own-logout', (req, res, next) => {
      auth.endSession(req, res).then((ended) => res.sendStatus(ended ? 204 : 404), next);
    });
    app.use(auth.errorHandler);
  },
);
const { auth } = testApp;

beforeAll(async () => {
  ann = await users.create({ username: 'ann', passwordHash: null, roles: ['admin'] });
  disabled = await users.create({ username: 'dora', passwordHash: null });
  await users.update(disabled.id, { disabled: true });
  auth.events.onAny((event) => events.push(event));
});
beforeEach(() => {
  events.length = 0;
});
afterAll(() => auth.close());

const ownLogin = (user: object = { id: ann.id }, options?: StartSessionOptions) =>
  testApp.client().post('/own-login').send({ user, options });

describe('startSession', () => {
  test('sets both cookies, returns the tokens and leaves the answer to the app', async () => {
    const response = await ownLogin();
    expect([response.status, Object.keys(response.body)]).toEqual([201, ['tokens']]);
    const tokens = response.body.tokens as SessionTokens;
    const cookies = setCookies(response);
    expect(tokens).toEqual({
      user: { id: ann.id, username: 'ann', roles: ['admin'] },
      sessionId: expect.stringMatching(/^[\w-]{22}$/),
      accessToken: cookies['accessToken']?.value,
      refreshToken: cookies['refreshToken']?.value,
      accessTokenExpiresAt: expect.any(String),
      refreshTokenExpiresAt: expect.any(String),
    });
    expect(response.headers['cache-control']).toBe('no-store');
    expect(events).toMatchObject([{ type: 'login', userId: ann.id, sessionId: tokens.sessionId }]);
  });

  test('remembers, and says how and when the user proved who they are', async () => {
    const authTime = new Date(Date.now() - 60_000);
    const response = await ownLogin({ id: ann.id }, { remember: true, amr: ['pwd', 'otp'], authTime }).expect(
      500,
    );
    expect(testApp.unforeseen.pop()).toMatchObject({
      message: expect.stringContaining('startSession(): authTime'), // JSON has made a text of the date
    });
    expect(response.headers['set-cookie']).toBeUndefined();
    const remembered = await ownLogin({ id: ann.id }, { remember: true, amr: ['pwd', 'otp'] });
    expect(setCookies(remembered)['refreshToken']?.attributes).toContain('Max-Age=10800');
    await expect(auth.verify(remembered.body.tokens.accessToken)).resolves.toMatchObject({
      amr: ['pwd', 'otp'],
    });
  });

  test('sets no cookie with the transport body, and the tokens work', async () => {
    const response = await ownLogin({ id: ann.id }, { transport: 'body' });
    expect(response.headers['set-cookie']).toBeUndefined();
    const { refreshToken } = response.body.tokens as SessionTokens;
    await testApp.client().post('/auth/refresh').send({ refreshToken }).expect(200);
  });

  test('ends the session that the browser had', async () => {
    const browser = testApp.browser();
    const first = (await browser.post('/own-login').send({ user: ann })).body.tokens as SessionTokens;
    await browser.post('/own-login').send({ user: ann }).expect(201);
    await expect(auth.verify(first.accessToken)).rejects.toMatchObject({ code: 'SESSION_REVOKED' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'revoked', reason: 'new-login' }));
  });

  test.each([
    ['an unknown user', () => ({ id: 'nobody' }), 'unknown-user'],
    ['a disabled user', () => disabled, 'disabled'],
  ])('refuses %s as a login does, and the event says why', async (_kind, user, reason) => {
    const response = await ownLogin(user());
    expect([response.status, response.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(events).toMatchObject([{ type: 'loginFailed', reason }]);
  });

  test.each([
    ['a user without an id', () => ownLogin({ username: 'ann' }), 'startSession() needs user.id'],
    ['no user', () => testApp.client().post('/own-login').send({}), 'startSession() needs user.id'],
    [
      'an unknown option',
      () => ownLogin(ann, { rememberMe: true } as object),
      'startSession(): Unknown option rememberMe: known are amr, authTime, remember, transport',
    ],
    [
      'an answer that has been sent',
      () => testApp.client().post('/answered'),
      'startSession(): the answer has been sent',
    ],
  ])('is a TypeError for %s, and makes no session', async (_kind, request, message) => {
    const before = await auth.sessions.list(ann.id);
    await request();
    const error = testApp.unforeseen.pop();
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
    expect(await auth.sessions.list(ann.id)).toHaveLength(before.length);
  });

  test('ends its session when the app has answered meanwhile', async () => {
    const { id } = await users.create({ username: 'early', passwordHash: null });
    const server = createServer((req, res) => {
      const started = auth.startSession(req, res, { id });
      res.end();
      started.catch((error: unknown) => testApp.unforeseen.push(error));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await fetch(`http://127.0.0.1:${port}`);
    server.close();
    await expect(auth.sessions.list(id)).resolves.toEqual([]);
    expect(testApp.unforeseen.pop()).toBeInstanceOf(TypeError);
  });

  test('refuses a form of another site, and lets the callback of a provider pass', async () => {
    const foreign = await ownLogin().set('Sec-Fetch-Site', 'cross-site');
    expect([foreign.status, foreign.body.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    expect(events).toMatchObject([{ type: 'refused', code: 'CROSS_SITE_REQUEST', route: '/own-login' }]);
    await ownLogin().set('Origin', 'https://app.example.com').expect(201);
    await ownLogin(ann, { transport: 'body' }).set('Sec-Fetch-Site', 'cross-site').expect(201);
    await testApp.client().get('/callback').set('Sec-Fetch-Site', 'cross-site').expect(302);
  });
});

describe('endSession', () => {
  test('ends the session, clears the cookies and says whether there was one', async () => {
    const { accessToken, refreshToken } = await auth.sessions.start(ann.id);
    const logout = () =>
      testApp.client().post('/own-logout').set('Cookie', cookieHeader({ accessToken, refreshToken }));
    const first = await logout();
    expect(first.status).toBe(204);
    expect(Object.values(setCookies(first)).map(({ value }) => value)).toEqual(['', '']);
    expect((await logout()).status).toBe(404);
    expect((await testApp.client().post('/own-logout')).status).toBe(404);
    expect(events).toContainEqual(expect.objectContaining({ type: 'revoked', reason: 'logout' }));
  });

  test('is a TypeError when the app has answered meanwhile, and the session has ended', async () => {
    const { id } = await users.create({ username: 'early-end', passwordHash: null });
    const { accessToken } = await auth.sessions.start(id);
    const app = express().get('/early', (req, res) => {
      auth.endSession(req, res).catch((error: unknown) => testApp.unforeseen.push(error));
      res.json({});
    });
    await request(app).get('/early').set('Cookie', cookieHeader({ accessToken })).expect(200);
    await eventually('the call fails', () => Promise.resolve(testApp.unforeseen.length === 1));
    expect(testApp.unforeseen.pop()).toEqual(
      new TypeError(
        "endSession(): the answer has been sent already, so it can't get cookies: call it before",
      ),
    );
    expect(await auth.sessions.list(id)).toEqual([]);
  });

  test('takes a refresh token in the body, as POST /logout does', async () => {
    const { refreshToken } = await auth.sessions.start(ann.id);
    await testApp.client().post('/own-logout').send({ refreshToken }).expect(204);
    await expect(auth.sessions.refresh(refreshToken)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  test('refuses a request of another site that brings a cookie, and the session goes on', async () => {
    const { accessToken, refreshToken } = await auth.sessions.start(ann.id);
    await testApp
      .client()
      .post('/own-logout')
      .set('Cookie', cookieHeader({ accessToken, refreshToken }))
      .set('Sec-Fetch-Site', 'cross-site')
      .expect(403);
    await expect(auth.sessions.refresh(refreshToken)).resolves.toMatchObject({ user: { id: ann.id } });
  });
});

describe('auth.sessions without a request', () => {
  test('start, refresh and end lead through the life of a session', async () => {
    const origin = { ip: '203.0.113.7:4711', userAgent: 'job 1' };
    const started = await auth.sessions.start(ann.id, { remember: true, amr: ['swk'], ...origin });
    expect(started).toEqual({
      user: { id: ann.id, username: 'ann', roles: ['admin'] },
      sessionId: expect.any(String),
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      accessTokenExpiresAt: expect.any(Date),
      refreshTokenExpiresAt: expect.any(Date),
    });
    expect(events).toMatchObject([{ type: 'login', ip: '203.0.113.7', userAgent: 'job 1', amr: ['swk'] }]);
    const refreshed = await auth.sessions.refresh(started.refreshToken, { idempotencyKey: 'a', ...origin });
    expect(refreshed).toMatchObject({ sessionId: started.sessionId, user: started.user });
    expect(refreshed.refreshToken).not.toBe(started.refreshToken);
    await expect(auth.sessions.refresh(started.refreshToken, { idempotencyKey: 'a' })).resolves.toMatchObject(
      { refreshToken: refreshed.refreshToken },
    );
    await expect(auth.sessions.end(refreshed.accessToken)).resolves.toBe(true);
    await expect(auth.sessions.end(refreshed.refreshToken)).resolves.toBe(false);
    await expect(auth.sessions.refresh(refreshed.refreshToken)).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
  });

  test('end takes nothing that is no token of this app', async () => {
    const other = createTestApp({ refreshToken: { secret: 'another-secret-of-another-app-0123456789' } });
    const { refreshToken } = await other.auth.sessions.start((await other.register('bob')).id);
    await other.auth.close();
    for (const token of [refreshToken, '', 'x', 'a.b.c'])
      await expect(auth.sessions.end(token)).resolves.toBe(false);
  });

  test.each([
    ['', {}, 'NO_REFRESH_TOKEN'],
    ['a.b.c', {}, 'REFRESH_TOKEN_INVALID'],
    ['a.b.c', { idempotencyKey: '' }, 'VALIDATION_FAILED'],
    ['a.b.c', { idempotencyKey: 'ü' }, 'VALIDATION_FAILED'],
  ])('refresh(%j, %j) is refused with %s', async (token, options, code) => {
    await expect(auth.sessions.refresh(token, options)).rejects.toMatchObject({ code });
  });

  test.each([
    ['start', [undefined], 'sessions.start(): userId must be a text'],
    ['start', ['id', { transport: 'body' }], 'sessions.start(): Unknown option transport'],
    ['start', ['id', { ip: 4 }], 'sessions.start(): ip'],
    ['refresh', [undefined], 'sessions.refresh(): refreshToken must be the text of a token, not undefined'],
    ['refresh', ['a', { attempt: 'a' }], 'sessions.refresh(): Unknown option attempt'],
    ['end', [{}], 'sessions.end(): token must be the text of a token'],
  ] as const)('%s(...%j) is a TypeError that names the argument', async (method, args, message) => {
    const call = auth.sessions[method] as (...all: unknown[]) => Promise<unknown>;
    const error: unknown = await call(...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
  });

  test('100 parallel starts for one user make 100 sessions that can be ended', async () => {
    const { id } = await users.create({ username: 'busy', passwordHash: null });
    const started = await Promise.all(Array.from({ length: 100 }, () => auth.sessions.start(id)));
    const ended = await Promise.all(started.map(({ refreshToken }) => auth.sessions.end(refreshToken)));
    expect(ended).toEqual(Array.from({ length: 100 }, () => true));
  });

  test('an outage is SERVICE_UNAVAILABLE, and makes no session', async () => {
    const broken = new MemoryRefreshTokenStore();
    const down = createTestApp({ users, refreshTokens: broken });
    broken.create = () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));
    await expect(down.auth.sessions.start(ann.id)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await down.auth.close();
  });
});
