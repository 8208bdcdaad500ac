import cookieParser from 'cookie-parser';
import express, { type RequestHandler } from 'express';
import { Passport } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import request from 'supertest';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type AuthOptions } from '../../../src/index';
import { ACCESS_SECRET, createTestApp, PASSWORD, REFRESH_SECRET, setCookies } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const options = (more: Partial<AuthOptions> = {}): AuthOptions => ({
  users: new MemoryUserStore(),
  refreshTokens: new MemoryRefreshTokenStore(),
  accessToken: { secret: ACCESS_SECRET },
  refreshToken: { secret: REFRESH_SECRET },
  password: { cost: 10 },
  ...more,
});
const echo: RequestHandler = (req, res) =>
  void res.json({
    user: req.user?.id,
    cookies: req.cookies as unknown,
    signed: req.signedCookies as unknown,
  });
const ann = { username: 'ann', password: PASSWORD };

test.each<[string, RequestHandler[]]>([
  ['nothing', []],
  ['express.json', [express.json()]],
  ['express.urlencoded', [express.urlencoded()]],
  ['cookie-parser', [cookieParser()]],
  [
    'all of them, with secrets',
    [express.json(), express.urlencoded({ extended: true }), cookieParser('s3cret')],
  ],
])('an app that already uses %s works with the router behind it', async (_what, middleware) => {
  const auth = createAuth(options());
  const app = express();
  if (middleware.length > 0) app.use(...middleware);
  app.use('/auth', auth.router).get('/profile', auth.tokenVerify, echo);
  const browser = request.agent(app);
  expect((await browser.post('/auth/register').send(ann)).status).toBe(201);
  expect((await browser.post('/auth/login').send(ann)).status).toBe(200);
  expect((await browser.get('/profile')).body.user).toEqual(expect.any(String));
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  const form = await browser.post('/auth/login').type('form').send(ann);
  expectFailure(form, 'FORM_ON_JSON_ENDPOINT');
  expect((await browser.post('/auth/logout')).status).toBe(200);
  expectFailure(await browser.get('/profile'), 'NO_ACCESS_TOKEN');
  await auth.close();
});

test("the app's own signed cookies still work behind tokenVerify", async () => {
  const testApp = createTestApp({}, (app, auth) => {
    const parse = cookieParser('s3cret');
    app.get('/sign', parse, (_req, res) => void res.cookie('cart', '42', { signed: true }).json({}));
    app.get('/cart', auth.tokenVerify, parse, echo);
  });
  await testApp.register('ann');
  const browser = await testApp.loggedIn('ann');
  await browser.get('/sign');
  const { signed, cookies } = (await browser.get('/cart')).body;
  expect(signed).toEqual({ cart: '42' });
  expect(Object.keys(cookies as object).sort()).toEqual(['accessToken', 'refreshToken']);
  await testApp.auth.close();
});

test('the router leaves other paths, methods and their bodies to the app', async () => {
  const testApp = createTestApp({}, (app) => {
    app.use('/auth', express.text(), (req, res) => {
      res.status(404).json({ by: 'the app', body: req.body as unknown, cookies: req.cookies as unknown });
    });
  });
  for (const [method, path] of [
    ['post', '/auth/other'],
    ['put', '/auth/login'],
    ['delete', '/auth/login'],
    ['post', '/auth/check'],
    ['post', '/auth/login/more'],
  ] as const) {
    const response = await testApp.client()[method](path).type('text').set('Cookie', 'a=b').send('a text');
    expect([response.status, response.body]).toEqual([404, { by: 'the app', body: 'a text' }]);
    expect(response.headers['cache-control']).toBeUndefined();
  }
});

test("an unexpected error reaches the app's error handler", async () => {
  const users = new MemoryUserStore();
  const testApp = createTestApp({ users }, (app, auth) => {
    app.get('/loaded', auth.guard({ loadUser: true, optional: true }), echo);
  });
  await users.create({ username: 'ann', passwordHash: null });
  const browser = await testApp.loggedIn('ann');
  const bug = new TypeError('a bug in the store');
  jest.spyOn(users, 'findById').mockRejectedValue(bug);
  jest.spyOn(users, 'findByUsername').mockRejectedValue(bug);
  for (const response of [
    await browser.get('/loaded'),
    await browser.get('/auth/info'),
    await browser.post('/auth/refresh'),
    await browser.post('/auth/login').send(ann),
  ]) {
    expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
    expect(response.headers['set-cookie']).toBeUndefined();
  }
  expect(testApp.unforeseen).toEqual([bug, bug, bug, bug]);
});

describe('two instances', () => {
  const staff = createAuth(
    options({
      accessToken: { secret: 'the access secret of the staff, 40 chars' },
      refreshToken: { secret: 'the refresh secret of the staff 40 chars' },
      cookies: { accessName: 'staffAccess', refreshName: 'staffRefresh' },
    }),
  );
  const shop = createAuth(options());
  const app = express()
    .use('/staff/auth', staff.router)
    .use('/auth', shop.router)
    .get('/staff/profile', staff.tokenVerify, echo)
    .get('/profile', shop.tokenVerify, echo);

  afterAll(() => Promise.all([staff.close(), shop.close()]));

  test('two createAuth in one app are independent of each other', async () => {
    expect(staff.passport).not.toBe(shop.passport);
    const browser = request.agent(app);
    await browser.post('/auth/register').send(ann);
    const login = await browser.post('/auth/login').send(ann);
    expect((await browser.get('/profile')).status).toBe(200);
    expectFailure(await browser.get('/staff/profile'), 'NO_ACCESS_TOKEN');
    expectFailure(await browser.post('/staff/auth/login').send(ann), 'INVALID_CREDENTIALS');
    const token = setCookies(login)['accessToken']?.value ?? '';
    const bearer = request(app).get('/staff/profile').auth(token, { type: 'bearer' });
    expectFailure(await bearer, 'ACCESS_TOKEN_INVALID');

    await browser.post('/staff/auth/register').send(ann);
    expect(Object.keys(setCookies(await browser.post('/staff/auth/login').send(ann)))).toEqual([
      'staffAccess',
      'staffRefresh',
    ]);
    await browser.post('/staff/auth/logout');
    expectFailure(await browser.get('/staff/profile'), 'NO_ACCESS_TOKEN');
    expect((await browser.get('/profile')).status).toBe(200);
  });
});

describe('options.passport', () => {
  test("the app's own instance keeps its strategies, and completeLogin works after any of them", async () => {
    const passport = new Passport();
    const users = new MemoryUserStore();
    const { id } = await users.create({ username: 'ann', passwordHash: null });
    passport.use(
      'magic',
      new LocalStrategy((_username, _password, done) => done(null, { id } as Express.User)),
    );
    const testApp = createTestApp(
      { users, passport: passport as unknown as NonNullable<AuthOptions['passport']> },
      (app, auth) => {
        expect(auth.passport).toBe(passport);
        const magic = auth.passport.authenticate('magic', { session: false }) as RequestHandler;
        app.post('/magic', express.json(), magic, auth.completeLogin());
      },
    );
    const browser = testApp.browser();
    expect((await browser.post('/magic').send({ username: 'x', password: 'y' })).status).toBe(200);
    expect((await browser.get('/profile')).body.id).toBe(id);
  });

  test.each(['jwt', 'local'])('an instance that already has a %s strategy is refused', (name) => {
    const passport = new Passport();
    passport.use(name, new LocalStrategy((_username, _password, done) => done(null, false)));
    const given = passport as unknown as NonNullable<AuthOptions['passport']>;
    expect(() => createAuth({ ...options(), passport: given })).toThrow(
      new RegExp(`options\\.passport.*'${name}'`),
    );
  });
});
