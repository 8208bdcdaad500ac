import express, { type RequestHandler } from 'express';
import { type CompleteLoginOptions } from '../../../src/index';
import { createRealStores, createTestApp, type RealStores, type TestApp } from '../../helpers/apps/app';

// How and when the user proved who they are: `amr` and `authTime`, from the strategy to req.user.
let stores: RealStores;
let testApp: TestApp;
let annId: string;

/** Replaces a Passport strategy, and sets the info that it passes beside the user. */
const prove: RequestHandler = (req, _res, next) => {
  const { authTime, ...info } = (req.body ?? {}) as { authTime?: string; amr?: string[] };
  req.user = { id: annId } as Express.User;
  req.authInfo = { ...info, ...(authTime && { authTime: new Date(authTime) }) };
  next();
};

beforeAll(async () => {
  stores = await createRealStores();
  annId = (await stores.options.users.create({ username: 'ann', passwordHash: null })).id;
  testApp = createTestApp(stores.options, (app, auth) => {
    const mount = (path: string, options?: CompleteLoginOptions) =>
      app.post(path, express.json(), prove, auth.completeLogin(options));
    mount('/plain');
    mount('/two-steps', { amr: ['pwd', 'otp'] });
    app.get('/fresh', auth.guard({ freshWithin: '1h' }), (_req, res) => res.json({}));
    app.get('/loaded', auth.guard({ loadUser: true }), (req, res) => res.json(req.user));
  });
});
afterAll(async () => {
  await testApp.auth.close();
  await stores.close();
});

const loggedIn = async (path: string, info: object = {}) => {
  const browser = testApp.browser();
  expect((await browser.post(path).send(info)).status).toBe(200);
  return browser;
};

test('amr from the option is in req.user, also with loadUser and after refreshes', async () => {
  const browser = await loggedIn('/two-steps');
  expect((await browser.get('/profile')).body.amr).toEqual(['pwd', 'otp']);
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect((await browser.get('/profile')).body.amr).toEqual(['pwd', 'otp']);
  expect((await browser.get('/loaded')).body.amr).toEqual(['pwd', 'otp']);
});

test('amr from the strategy takes precedence over the option', async () => {
  const browser = await loggedIn('/two-steps', { amr: ['hwk', 'user'] });
  expect((await browser.get('/profile')).body.amr).toEqual(['hwk', 'user']);
});

test('a login without info has no amr, and its authTime is now', async () => {
  const browser = await loggedIn('/plain');
  expect(Object.keys((await browser.get('/profile')).body).sort()).toEqual(
    ['authTime', 'id', 'roles', 'sessionId'], // prettier-ignore
  );
  expect((await browser.get('/fresh')).status).toBe(200);
});

test('an earlier authTime counts for freshWithin, and a future one counts as now', async () => {
  const twoHoursAgo = new Date(Math.floor(Date.now() / 1000) * 1000 - 2 * 3600_000).toISOString();
  const browser = await loggedIn('/plain', { authTime: twoHoursAgo });
  expect((await browser.get('/profile')).body.authTime).toBe(twoHoursAgo);
  expect((await browser.get('/fresh')).body.code).toBe('REAUTHENTICATION_REQUIRED');
  const tomorrow = new Date(Date.now() + 24 * 3600_000).toISOString();
  const early = await loggedIn('/plain', { authTime: tomorrow });
  expect(new Date((await early.get('/profile')).body.authTime).getTime()).toBeLessThanOrEqual(Date.now());
});

test.each([
  ['not a string', { amr: [5] }],
  ['two words', { amr: ['pass word'] }],
  ['an empty list', { amr: [] }],
  ['not a date', { authTime: 'yesterday' }],
])('info that is %s is a mistake of the app, which gets a TypeError', async (_what, info) => {
  const response = await testApp.browser().post('/plain').send(info);
  expect(response.status).toBe(500);
  expect(String(testApp.unforeseen.pop())).toMatch(/^TypeError: completeLogin\(\): req\.authInfo/);
});

test('an amr that is none is refused when the app starts', () => {
  expect(() => testApp.auth.completeLogin({ amr: ['pass word'] })).toThrow(
    /completeLogin\(\): amr\.0 must be visible ASCII/,
  );
  expect(() => testApp.auth.completeLogin({ amr: [] })).toThrow(TypeError);
});
