import type { ErrorRequestHandler } from 'express';
import express4 from 'express4';
import request from 'supertest';
import { AuthError, createAuth, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { describedRouter } from '../../helpers/apps/described-router';
import { optionsWith } from '../../helpers/apps/options';
import { expectFailure } from '../../helpers/failures';

const users = new MemoryUserStore();
const auth = createAuth(optionsWith({ users, 'password.cost': 10 }));
const unforeseen: unknown[] = [];
const app = express4();
app.use('/auth', describedRouter(auth));
app.get('/profile', auth.tokenVerify, (req, res) => void res.json(req.user));
app.post('/posts', auth.tokenVerify, (_req, res) => void res.json({}));
app.get('/loaded', auth.guard({ loadUser: true }), (req, res) => void res.json(req.user));
app.post('/complete', auth.completeLogin());
app.use(((error: unknown, _req, res, _next) => {
  unforeseen.push(error);
  res.status(500).json({ code: 'APP_ERROR' });
}) satisfies ErrorRequestHandler);

const browser = request.agent(app);
const ann = { username: 'ann', password: PASSWORD };

beforeAll(async () => {
  expect((await browser.post('/auth/register').send(ann)).status).toBe(201);
});
beforeEach(async () => {
  unforeseen.length = 0;
  expect((await browser.post('/auth/login').send(ann)).status).toBe(200);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => auth.close());

test('the app is an Express 4 app', () => {
  expect(typeof (app as unknown as { del: unknown }).del).toBe('function');
});

test('login, guard, refresh, password change and logout work', async () => {
  expect((await browser.get('/profile')).body).toMatchObject({ roles: [] });
  expect((await browser.get('/auth/check')).status).toBe(200);
  expect((await browser.get('/auth/info')).body.user.username).toBe('ann');
  expect((await browser.get('/auth/sessions')).status).toBe(200);
  expect((await browser.post('/auth/refresh')).body).toEqual({ message: 'Token refreshed' });
  const change = { currentPassword: PASSWORD, newPassword: PASSWORD };
  expect((await browser.post('/auth/password').send(change)).status).toBe(200);
  expect((await browser.post('/auth/logout')).status).toBe(200);
  expectFailure(await browser.get('/profile'), 'NO_ACCESS_TOKEN');
});

test('failures have the same form as on Express 5', async () => {
  const client = request(app);
  expectFailure(await client.get('/profile'), 'NO_ACCESS_TOKEN');
  expectFailure(await client.post('/auth/refresh'), 'NO_REFRESH_TOKEN');
  expectFailure(await client.post('/auth/login').send({}), 'VALIDATION_FAILED', ['username', 'password']);
  expectFailure(await client.post('/auth/login').send({ ...ann, password: 'x' }), 'INVALID_CREDENTIALS');
  expectFailure(await client.post('/auth/login').type('json').send('{'), 'MALFORMED_BODY');
  expectFailure(await client.post('/auth/login').type('form').send(ann), 'FORM_ON_JSON_ENDPOINT');
  expectFailure(await browser.delete('/auth/sessions/%ff'), 'UNKNOWN_SESSION_ID');
  expectFailure(await browser.post('/posts').set('Origin', 'https://evil.example'), 'CROSS_SITE_REQUEST');
  expect((await browser.post('/posts')).status).toBe(200);
  expect(unforeseen).toEqual([]);
});

const outage = new AuthError('SERVICE_UNAVAILABLE', { retryAfterSeconds: 2 });
const bug = new TypeError('a bug in the store');

test.each([
  ['get', '/loaded'],
  ['get', '/auth/info'],
  ['post', '/auth/refresh'],
] as const)('%s %s answers when a promise rejects', async (method, path) => {
  jest.spyOn(users, 'findById').mockRejectedValue(outage);
  expectFailure(await browser[method](path), 'SERVICE_UNAVAILABLE');
  expect(unforeseen).toEqual([]);

  jest.spyOn(users, 'findById').mockRejectedValue(bug);
  const response = await browser[method](path);
  expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
  expect(unforeseen).toEqual([bug]);
});

test("completeLogin() without a user reaches the app's error handler", async () => {
  expect((await browser.post('/complete')).status).toBe(500);
  expect(unforeseen).toEqual([expect.any(TypeError)]);
});
