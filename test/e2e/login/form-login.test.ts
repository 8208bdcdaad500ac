import express, { type ErrorRequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { AuthError, MemoryRefreshTokenStore, type LoginOptions } from '../../../src/index';
import { clearsCookies, createTestApp, PASSWORD, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const refreshTokens = new MemoryRefreshTokenStore();
const showFormAgain: ErrorRequestHandler = (error: AuthError, req, res, _next) => {
  const { username } = req.body as { username: string };
  res.status(error.status).json({ form: { username }, code: error.code, wait: error.retryAfterSeconds });
};
const testApp = createTestApp({ refreshTokens, limits: { username: { failures: 3 } } }, (app, auth) => {
  app.post('/plain', auth.login(), showFormAgain);
  app.post('/login', auth.login({ redirectTo: '/home', failureRedirect: '/login?from=form#form' }));
  app.post('/parsed', express.urlencoded({ extended: true }), auth.login());
  app.post('/return', auth.login({ redirectTo: (req) => (req.body as { returnTo?: unknown }).returnTo }));
  app.post(
    '/own',
    express.urlencoded(),
    auth.passport.authenticate('local', { session: false }),
    auth.completeLogin(),
  );
  app.post('/later', auth.login({ redirectTo: () => Promise.resolve('/orders') }));
  app.post('/lost', auth.login({ redirectTo: () => Promise.reject(new Error('nowhere')) }));
  app.post(
    '/json',
    express.json(),
    auth.passport.authenticate('local', { session: false }),
    auth.completeLogin({ redirectTo: () => Promise.resolve('/orders') }),
  );
  app.post('/logout', auth.logout({ redirectTo: '/login' }));
  app.get('/logout', auth.logout());
  app.post('/logout/to', auth.logout({ redirectTo: (req) => Promise.resolve(req.query['to']) }));
  app.post('/logout/lost', auth.logout({ redirectTo: () => Promise.reject(new Error('nowhere')) }));
  app.use(auth.errorHandler);
});

beforeAll(async () => {
  for (const name of ['ann', 'bob', 'cid', 'dan']) await testApp.register(name);
});
afterAll(async () => {
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
});

const ann = { username: 'ann', password: PASSWORD };
const submit = (path: string, form: object = ann) => testApp.client().post(path).type('form').send(form);

test.each(['/login', '/plain', '/parsed', '/return'])(
  'a login at %s sets both cookies and redirects',
  async (path) => {
    const browser = testApp.browser();
    const response = await browser.post(path).type('form').send(ann);
    expect([response.status, response.headers['location']]).toEqual([303, path === '/login' ? '/home' : '/']);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(Object.keys(setCookies(response)).sort()).toEqual(['accessToken', 'refreshToken']);
    expect((await browser.get('/profile')).status).toBe(200);
  },
);

test('a JSON login works too, and never gets tokens in a body', async () => {
  const response = await testApp
    .client()
    .post('/login')
    .send({ ...ann, remember: true, transport: 'body' });
  expect([response.status, response.text.includes('eyJ')]).toEqual([303, false]);
  expect(setCookies(response)['refreshToken']?.attributes).toContain('Max-Age=10800');
});

test.each([
  ['nothing', undefined, false],
  ['on', 'on', true],
  ['another value', 'yes', true],
  ['a hidden field and the box', ['false', 'on'], true],
  ['only the hidden field', 'false', false],
])('remember works with a checkbox that sends %s', async (_what, remember, isRemembered) => {
  const response = await submit('/login', { ...ann, ...(remember && { remember }) });
  expect(setCookies(response)['refreshToken']?.attributes.includes('Max-Age=10800')).toBe(isRemembered);
});

test.each([
  ['/orders?id=5#top', '/orders?id=5#top'],
  ['https://evil.example', '/'],
  ['//evil.example', '/'],
  ['', '/'],
])('returnTo %j redirects to %j', async (returnTo, location) => {
  expect((await submit('/return', { ...ann, returnTo })).headers['location']).toBe(location);
});

test('redirectTo may be asynchronous, and may fail', async () => {
  expect((await submit('/later')).headers['location']).toBe('/orders');
  expect((await testApp.client().post('/json').send(ann)).headers['location']).toBe('/orders');
  expect((await submit('/lost')).status).toBe(500);
  expect(String(testApp.unforeseen.pop())).toContain('nowhere');
});

test.each([
  { username: { $ne: '' }, password: PASSWORD },
  { username: ['ann'], password: PASSWORD },
  { username: 'ann', password: { length: 1 } },
  { username: 'ann', password: 5 },
  { username: 'a\0nn', password: PASSWORD },
  { username: 'ann\ud800', password: PASSWORD },
])('the local strategy accepts only strings, wherever an app uses it: %j', async (body) => {
  expect([400, 401]).toContain((await testApp.client().post('/json').send(body)).status);
});

test('HEAD does not log out', async () => {
  const browser = testApp.browser();
  await browser.post('/plain').type('form').send(ann);
  expect((await browser.head('/logout')).status).toBe(405);
  expect((await browser.get('/profile')).status).toBe(200);
  expect((await browser.get('/logout').set('Sec-Fetch-Site', 'same-origin')).status).toBe(303);
  expect((await browser.get('/profile')).status).toBe(401);
});

describe('what the user can correct', () => {
  test.each([
    ['a wrong password', { ...ann, password: 'wrong' }, 401, 'INVALID_CREDENTIALS'],
    ['an unknown user', { ...ann, username: 'nobody' }, 401, 'INVALID_CREDENTIALS'],
    ['no password', { username: 'ann' }, 400, 'VALIDATION_FAILED'],
    ['two usernames', { ...ann, username: ['ann', 'bob'] }, 400, 'VALIDATION_FAILED'],
  ])(
    '%s leads to a redirect with only the code, or to the error handler',
    async (_what, form, status, code) => {
      const response = await submit('/login', form);
      expect([response.status, response.headers['location']]).toEqual([
        303,
        `/login?from=form&error=${code}#form`,
      ]);
      expect(response.headers['set-cookie']).toBeUndefined();
      const shown = await submit('/plain', form);
      expect([shown.status, shown.body]).toEqual([status, { form: { username: form.username }, code }]);
    },
  );

  test('the local strategy counts guesses too, wherever an app uses it', async () => {
    const dan = { username: 'dan', password: PASSWORD };
    expect((await submit('/own', dan)).status).toBe(200);
    for (let guess = 0; guess < 3; guess += 1)
      expect((await submit('/own', { ...dan, password: `guess ${guess}` })).status).toBe(401);
    expectFailure(await submit('/own', dan), 'TOO_MANY_ATTEMPTS');
  });

  test('guesses count together with those at POST /login, and then even the right password is refused', async () => {
    for (let guess = 0; guess < 3; guess += 1)
      await submit('/login', { username: 'bob', password: `guess ${guess}` });
    const bob = { username: 'bob', password: PASSWORD };
    expect((await submit('/login', bob)).headers['location']).toContain('error=TOO_MANY_ATTEMPTS');
    expect((await submit('/plain', bob)).body).toMatchObject({
      code: 'TOO_MANY_ATTEMPTS',
      wait: expect.any(Number) as number,
    });
    expect((await testApp.client().post('/auth/login').send(bob)).status).toBe(429);
  });
});

test('a failed login is announced', async () => {
  const failed: unknown[] = [];
  testApp.auth.events.once('loginFailed', (event) => failed.push(event));
  await submit('/login', { username: 'cid', password: 'wrong' });
  expect(failed).toMatchObject([{ username: 'cid' }]);
});

describe('what the user can not correct goes to the error handler', () => {
  test.each([{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }, { Origin: 'null' }])(
    'a form of another site: %j',
    async (headers) => {
      const response = await submit('/login').set(headers);
      expectFailure(response, 'CROSS_SITE_REQUEST');
      expect(response.headers['set-cookie']).toBeUndefined();
    },
  );

  test('another kind of body, and a body that is too large', async () => {
    expectFailure(await testApp.client().post('/login').field('username', 'ann'), 'MULTIPART_FORM');
    expectFailure(await testApp.client().post('/login').type('text/plain').send('ann'), 'NO_FORM');
    expectFailure(await submit('/login', { ...ann, note: 'x'.repeat(17_000) }), 'PAYLOAD_TOO_LARGE');
    const json = await testApp.client().post('/login').type('json').send('{"username"');
    expect(json.headers['location']).toContain('error=MALFORMED_BODY');
  });

  test('an outage, as 503', async () => {
    jest.spyOn(refreshTokens, 'create').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
    expectFailure(await submit('/login'), 'SERVICE_UNAVAILABLE');
  });
});

test('credentials in the query string are ignored', async () => {
  const response = await testApp
    .client()
    .post(`/login?username=ann&password=${encodeURIComponent(PASSWORD)}`);
  expect(response.headers['location']).toContain('error=VALIDATION_FAILED');
});

describe('logout', () => {
  test('auth.logout() ends the session, clears the cookies and redirects, even without a session', async () => {
    const { id } = await testApp.register('leaver');
    const browser = await testApp.loggedIn('leaver');
    for (const sessions of [1, 0]) {
      expect(await testApp.auth.sessions.list(id)).toHaveLength(sessions);
      const response = await browser.post('/logout').type('form').send({});
      expect([response.status, response.headers['location']]).toEqual([303, '/login']);
      expect(clearsCookies(response)).toBe(true);
    }
  });

  test('auth.logout() finds the path in a function once the session has ended, and goes only to a path of this app', async () => {
    const { id } = await testApp.register('finder');
    for (const [query, location] of [
      ['to=/bye', '/bye'],
      ['to=//evil.example', '/'],
      ['', '/'],
    ]) {
      const response = await (await testApp.loggedIn('finder')).post(`/logout/to?${query}`);
      expect([response.status, response.headers['location']]).toEqual([303, location]);
      expect(await testApp.auth.sessions.list(id)).toEqual([]);
    }
    const lost = await (await testApp.loggedIn('finder')).post('/logout/lost');
    expect([lost.status, clearsCookies(lost)]).toEqual([500, true]);
    expect(await testApp.auth.sessions.list(id)).toEqual([]);
    expect(testApp.unforeseen.splice(0)).toEqual([new Error('nowhere')]);
  });

  test('auth.logout() does nothing for another site, and nothing while the store is down', async () => {
    const browser = await testApp.loggedIn('ann');
    expectFailure(await browser.post('/logout').set('Sec-Fetch-Site', 'cross-site'), 'CROSS_SITE_REQUEST');
    jest.spyOn(refreshTokens, 'revoke').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
    const response = await browser.post('/logout');
    expectFailure(response, 'SERVICE_UNAVAILABLE');
    expect(response.headers['set-cookie']).toBeUndefined();
    expect((await browser.get('/profile')).status).toBe(200);
  });

  test('redirectTo is a path of this app', () => {
    expect(() => testApp.auth.logout({ redirectTo: 'https://evil.example' })).toThrow(
      /redirectTo must be a path of this app/,
    );
  });
});

test('the form login works with Express 4', async () => {
  const app = express4();
  app.post('/login', testApp.auth.login({ failureRedirect: '/login' }));
  expect((await request(app).post('/login').type('form').send(ann)).status).toBe(303);
  const failed = await request(app)
    .post('/login')
    .type('form')
    .send({ ...ann, password: 'wrong' });
  expect(failed.headers['location']).toBe('/login?error=INVALID_CREDENTIALS');
});

test.each<[RegExp, object]>([
  [/redirectTo/, { redirectTo: 'https://evil.example' }],
  [/failureRedirect/, { failureRedirect: '//evil.example' }],
  [/failureRedirect/, { failureRedirect: 5 }],
  [/failureFlash/, { failureFlash: true }],
])('%s in %j is refused when the app is built', (message, options) => {
  expect(() => testApp.auth.login(options as LoginOptions)).toThrow(message);
});
