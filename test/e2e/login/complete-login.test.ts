import express, { type RequestHandler } from 'express';
import { MemoryUserStore, type CompleteLoginOptions } from '../../../src/index';
import { createTestApp, setCookies, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const users = new MemoryUserStore();
let annId: string;
let testApp: TestApp;

/** Replaces a Passport strategy: sets req.user to the user in the request's body. */
const prove: RequestHandler = (req, _res, next) => {
  const { user } = req.body as { user: Express.User };
  req.user = user;
  next();
};

beforeAll(async () => {
  annId = (await users.create({ username: 'Ann', passwordHash: null, roles: ['admin'] })).id;
  testApp = createTestApp({ users }, (app, auth) => {
    const mount = (path: string, options?: CompleteLoginOptions) =>
      app.post(path, express.json(), prove, auth.completeLogin(options));
    mount('/plain');
    mount('/remembering', { remember: true });
    mount('/redirecting', { redirectTo: '/welcome?from=google#top', remember: true });
    mount('/body', { transport: 'body' });
  });
});

const complete = (path: string, user: object = { id: annId }) => testApp.client().post(path).send({ user });

test('completeLogin answers like /login, with the stored user and both tokens as cookies', async () => {
  const response = await complete('/plain');
  expect([response.status, response.body]).toEqual([
    200,
    { message: 'Login successful', user: { id: annId, username: 'Ann', roles: ['admin'] } },
  ]);
  expect(response.headers['cache-control']).toBe('no-store');
  const attributes = ['HttpOnly', 'Path=/', 'SameSite=Strict'];
  expect(setCookies(response)).toMatchObject({ accessToken: { attributes }, refreshToken: { attributes } });
});

test('the session works like any other with guard, refresh and logout', async () => {
  const browser = testApp.browser();
  await browser.post('/plain').send({ user: { id: annId } });
  expect((await browser.get('/profile')).body).toMatchObject({ id: annId, roles: ['admin'] });
  expect((await browser.post('/auth/refresh')).status).toBe(200);
  expect((await browser.post('/auth/logout')).status).toBe(200);
  expectFailure(await browser.get('/profile'), 'NO_ACCESS_TOKEN');
});

test('roles come from the store, even if the strategy sets others', async () => {
  const response = await complete('/plain', { id: annId, roles: ['owner'], username: 'root' });
  expect(response.body.user).toEqual({ id: annId, username: 'Ann', roles: ['admin'] });
});

test('remember sets Max-Age', async () => {
  const cookies = setCookies(await complete('/remembering'));
  expect(cookies['accessToken']?.attributes).toContain('Max-Age=10800');
  expect(cookies['refreshToken']?.attributes).toContain('Max-Age=10800');
});

test('redirectTo sends the browser on, with its cookies', async () => {
  const response = await complete('/redirecting');
  expect([response.status, response.headers['location']]).toEqual([303, '/welcome?from=google#top']);
  expect(response.headers['cache-control']).toBe('no-store');
  expect(Object.keys(setCookies(response)).sort()).toEqual(['accessToken', 'refreshToken']);
  expect(setCookies(response)['refreshToken']?.attributes).toContain('Max-Age=10800');
});

test("transport: 'body' returns the tokens in the JSON and sets no cookie", async () => {
  const response = await complete('/body');
  expect(response.body).toMatchObject({ tokenType: 'Bearer', expiresIn: 1800 });
  expect(response.headers['set-cookie']).toBeUndefined();
  const { accessToken } = response.body;
  expect((await testApp.client().get('/profile').auth(accessToken, { type: 'bearer' })).status).toBe(200);
});

test.each([
  ['no user', undefined],
  ['a user without an id', {}],
  ['a list as id', { id: [5] }],
  ['an empty id', { id: '' }],
])('%s in req.user is a mistake of the app, and reaches its error handler', async (_what, user) => {
  testApp.unforeseen.length = 0;
  const response = await testApp.client().post('/plain').send({ user });
  expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
  expect(testApp.unforeseen).toEqual([
    expect.objectContaining({ message: expect.stringContaining('req.user.id') as string }),
  ]);
  expect(response.headers['set-cookie']).toBeUndefined();
});

test('disabled and unknown users are not logged in', async () => {
  const disabled = await users.create({ username: 'disabled', passwordHash: null });
  await users.update(disabled.id, { disabled: true });
  for (const path of ['/plain', '/redirecting', '/body']) {
    for (const id of [disabled.id, 'unknown', '__proto__']) {
      const response = await complete(path, { id });
      expectFailure(response, 'INVALID_CREDENTIALS');
      expect(response.headers['set-cookie']).toBeUndefined();
    }
  }
});

test.each([
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '/a\\b',
  'welcome',
  '',
  'javascript:alert(1)',
  '/a\r\nSet-Cookie: x=y',
  '/\t/evil.example',
])('redirectTo %j is refused when the app is built', (redirectTo) => {
  expect(() => testApp.auth.completeLogin({ redirectTo })).toThrow(/redirectTo must be a path of this app/);
});

test.each<[string, RegExp, object]>([
  ['an unknown option', /redirect/, { redirect: '/' }],
  ['an unknown transport', /transport/, { transport: 'header' }],
  ['tokens in the body of a redirect', /transport/, { transport: 'body', redirectTo: '/' }],
  ['remember as text', /remember/, { remember: 'yes' }],
])('%s is refused when the app is built', (_what, message, options) => {
  expect(() => testApp.auth.completeLogin(options as CompleteLoginOptions)).toThrow(message);
});
