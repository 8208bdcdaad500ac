import express, { type ErrorRequestHandler } from 'express';
import { MemoryRefreshTokenStore, type AuthError, type FormOptions } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp, PASSWORD, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

/** Registration, password and errors of forms without a script. The login has a file of its own. */
const clock = testClock();
const refreshTokens = new MemoryRefreshTokenStore({ clock });
const limits = { register: { attempts: 40 } };
const testApp = createTestApp({ clock, refreshTokens, limits }, (app, auth) => {
  const showErrors: ErrorRequestHandler = (error: AuthError, req, res, next) => {
    if (error.code === undefined) return next(error);
    const errors = error.errors?.map((field) => `${field.path} ${auth.textOf(field, req)}`);
    res.status(error.status).json({ text: auth.textOf(error, req), errors, code: error.code });
  };
  app.post('/register', auth.register(), showErrors);
  app.post('/register/again', auth.register({ redirectTo: '/welcome', failureRedirect: '/register' }));
  app.post('/password', auth.changePassword({ redirectTo: '/account' }), showErrors);
  app.post('/login', auth.login({ redirectTo: (req) => req.query['returnTo'], failureRedirect: '/login' }));
  app.post(
    '/login/by-function',
    express.urlencoded(),
    auth.login({
      failureRedirect: (req, { code }) => (req.body as { back?: string }).back ?? `/wrong/${code}`,
    }),
  );
  app.post('/login/later', auth.login({ failureRedirect: () => Promise.resolve('/later#form') }));
  app.post('/login/lost', auth.login({ failureRedirect: () => Promise.reject(new Error('nowhere')) }));
  app.get('/text', (req, res) => void res.json({ text: auth.textOf(req.query['error'], req) ?? null }));
  app.use(auth.errorHandler);
});
beforeAll(() => testApp.register('ann'));
afterAll(async () => {
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
});

const submit = (path: string, form: object, client = testApp.client()) =>
  client.post(path).type('form').send(form);
const locationOf = (response: { status: number; headers: object }) => [
  response.status,
  (response.headers as Record<string, string>)['location'],
];

describe('auth.register()', () => {
  test('makes a user, logs nobody in and redirects to the login', async () => {
    const response = await submit('/register', { username: 'bea', password: PASSWORD, returnTo: '/x' });
    expect(locationOf(response)).toEqual([303, '/login']);
    expect(response.headers['set-cookie']).toBeUndefined();
    expect(
      (await testApp.client().post('/auth/login').send({ username: 'bea', password: PASSWORD })).status,
    ).toBe(200);
    expect(locationOf(await submit('/register/again', { username: 'cid', password: PASSWORD }))).toEqual([
      303,
      '/welcome',
    ]);
  });

  test.each([
    ['en', 'Validation failed', ['password must be at least 8 characters long']],
    ['ko', '입력값이 올바르지 않습니다.', ['password 8자 이상이어야 합니다.']],
  ])(
    'passes errors on, whose texts are in the language of the request: %s',
    async (language, text, errors) => {
      const request = submit('/register', { username: 'dan', password: 'short' }).set(
        'Accept-Language',
        language,
      );
      const response = await request;
      expect([response.status, response.body]).toEqual([400, { text, errors, code: 'VALIDATION_FAILED' }]);
      expect(response.headers['vary']).toContain('Accept-Language');
    },
  );

  test('redirects with failureRedirect, also for a name that is taken', async () => {
    const taken = await submit('/register/again', { username: 'ann', password: PASSWORD });
    expect(locationOf(taken)).toEqual([303, '/register?error=USERNAME_TAKEN']);
    const short = await submit('/register/again', { username: 'ann', password: '1' });
    expect(locationOf(short)).toEqual([303, '/register?error=VALIDATION_FAILED']);
  });

  test('refuses a form of another site, with or without a trick in its body', async () => {
    const form = { username: 'eve', password: PASSWORD, transport: 'body', refreshToken: 'x' };
    for (const path of ['/register/again', '/auth/register'])
      expectFailure(await submit(path, form).set('Sec-Fetch-Site', 'cross-site'), 'CROSS_SITE_REQUEST');
  });

  test('counts towards the limit of POST /register', async () => {
    const limited = createTestApp({ limits: { register: { attempts: 1 } } }, (app, auth) => {
      app.post('/register', auth.register({ failureRedirect: '/register' }));
    });
    await limited.register('ann');
    const response = await submit('/register', { username: 'bob', password: PASSWORD }, limited.client());
    expect(locationOf(response)).toEqual([303, '/register?error=TOO_MANY_ATTEMPTS']);
    await limited.auth.close();
  });

  test('uses the names of the fields in the options', async () => {
    const named = createTestApp({ usernameField: 'email', passwordField: 'secret' }, (app, auth) => {
      app.post('/register', auth.register());
    });
    const response = await submit(
      '/register',
      { email: 'ann@example.com', secret: PASSWORD },
      named.client(),
    );
    expect(response.status).toBe(303);
    await named.auth.close();
  });
});

test.each([false, true])(
  'POST /auth/register takes a form too, parsed by the app already: %s',
  async (isParsed) => {
    const app = express();
    if (isParsed) app.use(express.urlencoded());
    app.use(testApp.app);
    const server = app.listen(0);
    const { port } = server.address() as { port: number };
    const body = new URLSearchParams({ username: `form-${isParsed}`, password: PASSWORD });
    const response = await fetch(`http://127.0.0.1:${port}/auth/register`, { method: 'POST', body });
    expect([response.status, await response.json()]).toMatchObject([
      201,
      { user: { username: `form-${isParsed}` } },
    ]);
    server.close();
  },
);

describe('auth.changePassword()', () => {
  const change = { currentPassword: PASSWORD, newPassword: 'another horse 10 battery' };

  test('changes the password, keeps this browser logged in and ends the others', async () => {
    await testApp.register('fay');
    const [here, there] = [await testApp.loggedIn('fay'), await testApp.loggedIn('fay')];
    const response = await here.post('/password').type('form').send(change);
    expect(locationOf(response)).toEqual([303, '/account']);
    expect(Object.keys(setCookies(response)).sort()).toEqual(['accessToken', 'refreshToken']);
    expect([(await here.get('/profile')).status, (await there.get('/profile')).status]).toEqual([200, 401]);
    const login = testApp.client().post('/auth/login');
    expect((await login.send({ username: 'fay', password: change.newPassword })).status).toBe(200);
  });

  test('asks for a login when its answer got lost and the form is sent again, and only the new password logs in', async () => {
    await testApp.register('hal');
    const cookies = setCookies(
      await testApp.client().post('/login').type('form').send({ username: 'hal', password: PASSWORD }),
    );
    const [accessToken = '', refreshToken = ''] = ['accessToken', 'refreshToken'].map(
      (name) => cookies[name]?.value,
    );
    // A browser that never gets the answer keeps the cookies of the session that has ended.
    const send = (language: string) =>
      submit('/password', change)
        .set('Cookie', cookieHeader({ accessToken, refreshToken }))
        .set('Accept-Language', language);
    expect(locationOf(await send('en'))).toEqual([303, '/account']);
    for (const [language, text] of [
      ['en', 'Session revoked'],
      ['ko', '종료된 세션입니다.'],
    ] as const) {
      const again = await send(language);
      expect([again.status, again.body]).toEqual([401, { code: 'SESSION_REVOKED', text }]);
    }
    const login = (password: string) => submit('/login', { username: 'hal', password });
    expect(locationOf(await login(PASSWORD))).toEqual([303, '/login?error=INVALID_CREDENTIALS']);
    expect(locationOf(await login(change.newPassword))).toEqual([303, '/']);
  });

  test('renews an access token that has expired', async () => {
    await testApp.register('gus');
    const browser = await testApp.loggedIn('gus');
    clock.advance(31 * 60);
    expect(locationOf(await browser.post('/password').type('form').send(change))).toEqual([303, '/account']);
  });

  test('passes on what the user can correct, and who is not logged in', async () => {
    const browser = await testApp.loggedIn('ann');
    const send = (form: object) => browser.post('/password').type('form').send(form);
    expect((await send({ ...change, currentPassword: 'wrong' })).body).toMatchObject({
      code: 'INVALID_CREDENTIALS',
    });
    expect((await send({ ...change, newPassword: '1' })).body).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await submit('/password', change)).body).toMatchObject({ code: 'NO_ACCESS_TOKEN' });
    expect((await send(change).set('Sec-Fetch-Site', 'cross-site')).body).toMatchObject({
      code: 'CROSS_SITE_REQUEST',
    });
  });
});

describe('failureRedirect', () => {
  const wrong = { username: 'ann', password: 'wrong' };

  test.each<[string, object, string]>([
    [
      '/login?returnTo=%2Forders%3Fpage%3D2',
      wrong,
      '/login?error=INVALID_CREDENTIALS&returnTo=%2Forders%3Fpage%3D2',
    ],
    ['/login', { ...wrong, returnTo: '/orders' }, '/login?error=INVALID_CREDENTIALS&returnTo=%2Forders'],
    ['/login?returnTo=//evil.example', wrong, '/login?error=INVALID_CREDENTIALS'],
    ['/login?returnTo=/a&returnTo=/b', wrong, '/login?error=INVALID_CREDENTIALS'],
    ['/login?returnTo=/a', {}, '/login?error=VALIDATION_FAILED&returnTo=%2Fa'],
    ['/login/by-function', wrong, '/wrong/INVALID_CREDENTIALS?error=INVALID_CREDENTIALS'],
    ['/login/by-function', { ...wrong, back: '/a?error=mine&returnTo=/b' }, '/a?error=mine&returnTo=/b'],
    ['/login/by-function', { ...wrong, back: 'https://evil.example' }, '/?error=INVALID_CREDENTIALS'],
    ['/login/by-function', { ...wrong, back: '/.//evil.example' }, '/?error=INVALID_CREDENTIALS'],
    ['/login/later', wrong, '/later?error=INVALID_CREDENTIALS#form'],
  ])('at %s with %j leads to the form again', async (path, form, location) => {
    expect(locationOf(await submit(path, form))).toEqual([303, location]);
  });

  test('that fails goes to the error handler', async () => {
    expect((await submit('/login/lost', wrong)).status).toBe(500);
    expect(String(testApp.unforeseen.pop())).toContain('nowhere');
  });
});

test.each([
  ['INVALID_CREDENTIALS', 'en', 'Invalid username or password'],
  ['INVALID_CREDENTIALS', 'ko-KR', '아이디 또는 비밀번호가 올바르지 않습니다.'],
  ['loginSuccessful', 'en', null],
  ['toString', 'en', null],
  ['<script>', 'en', null],
  ['', 'en', null],
])('auth.textOf finds the text of the code %j in %s', async (error, language, text) => {
  const response = await testApp.client().get('/text').query({ error }).set('Accept-Language', language);
  expect(response.body).toEqual({ text });
});

test.each<[string, FormOptions & object]>([
  ['failureRedirect', { failureRedirect: '//evil.example' }],
  ['failureRedirect', { failureRedirect: '/.//evil.example' }],
  ['redirectTo', { redirectTo: '/%2e//evil.example' }],
  ['successRedirect', { successRedirect: '/' } as FormOptions],
])('%s in %j is refused when the app is built', (member, options) => {
  for (const make of ['login', 'register', 'changePassword'] as const)
    expect(() => testApp.auth[make](options)).toThrow(new RegExp(`^${make}\\(\\).*${member}`));
});

describe.each(['/register', '/register/again', '/password', '/login', '/auth/register'])(
  'multipart/form-data at %s',
  (path) => {
    test.each([
      [
        'en',
        /^The request body must be application\/x-www-form-urlencoded.*multipart\/form-data is not read$/,
      ],
      ['ko', /application\/x-www-form-urlencoded.*multipart\/form-data는 처리하지 않습니다\.$/],
    ])('is refused with a text that names the encoding that is read, in %s', async (language, text) => {
      const name = `${language}-${path}`;
      await testApp.register(name);
      const browser = await testApp.loggedIn(name);
      const { status, body } = (await browser
        .post(path)
        .set('Accept-Language', language)
        .field('username', 'mona')) as { status: number; body: { text?: string; message?: string } };
      expect(status).toBe(415);
      expect(body.text ?? body.message).toMatch(text);
    });
  },
);
