import express from 'express';
import request from 'supertest';
import { emailAccount } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { emailApp } from './email-app';
import { memoryStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';

const order: string[] = [];
const stores = memoryStores();
const email = emailApp({
  stores,
  feature: emailAccount({
    send: ({ kind }) => {
      order.push(kind);
    },
    baseUrl: 'https://app.example.com',
    login: ['link', 'code'],
  }),
});
const app = express()
  .use((_req, res, next) => {
    res.once('finish', () => order.push('answer'));
    next();
  })
  .use(email.app);
const browser = request.agent(app);

beforeAll(async () => {
  const passwordHash = await email.auth.passwords.hash(PASSWORD);
  await stores.users.create({ username: ANN, passwordHash });
  await browser.post('/auth/login').send({ username: ANN, password: PASSWORD });
});

afterAll(() => email.auth.close());

test.each([
  ['already-registered', '/register', { username: ANN, password: PASSWORD }],
  ['verify', '/register', { username: 'new@example.com', password: PASSWORD }],
  ['verify', '/email/verify/resend', { username: 'new@example.com' }],
  ['reset', '/password/forgot', { username: ANN }],
  ['email-change', '/email/change', { username: 'free@example.com' }],
  ['login-link', '/login/link', { username: ANN }],
  ['login-code', '/login/code', { username: ANN }],
])('the mail %s that POST %s causes is begun only after the answer has left', async (kind, path, body) => {
  order.length = 0;
  expect((await browser.post(`/auth${path}`).send(body)).status).toBe(202);
  await eventually(`a mail ${kind}`, () => Promise.resolve(order.length > 1));
  expect(order).toEqual(['answer', kind]);
});

test('a mail is sent too if its client leaves before the answer', async () => {
  order.length = 0;
  const gone = new AbortController();
  const server = app.listen(0);
  const { port } = server.address() as { port: number };
  const findByUsername = jest.spyOn(stores.users, 'findByUsername').mockImplementationOnce((name) => {
    gone.abort();
    findByUsername.mockRestore();
    return stores.users.findByUsername(name);
  });
  const answer = fetch(`http://127.0.0.1:${port}/auth/password/forgot`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: ANN }),
    signal: gone.signal,
  });
  await expect(answer).rejects.toThrow();
  await eventually('the mail', () => Promise.resolve(order.includes('reset')));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
