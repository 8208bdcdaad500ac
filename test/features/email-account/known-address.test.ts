import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf } from './email-app';

const [A, B] = ['a@example.com', 'b@example.com'];
const [HOME, CAFE, PHONE, STRANGER] = ['192.0.2.1', '203.0.113.9', '203.0.113.77', '198.51.100.7'];

test('after a change of address, a stranger who locks the new one locks no user out where they are logged in', async () => {
  const users = new MemoryUserStore();
  const email = emailApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    auth: { limits: { username: { failures: 3 } } },
  });
  email.app.set('trust proxy', true);
  await users.create({ username: A, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  const post = (
    ip: string,
    path: string,
    body: object,
    from: ReturnType<typeof email.browser> = email.browser(),
  ) => from.post(`/auth${path}`).set('X-Forwarded-For', ip).send(body);
  const login = async (ip: string, username: string, password = PASSWORD, from = email.browser()) =>
    (await post(ip, '/login', { username, password }, from)).status;
  const [atHome, inCafe] = [email.browser(), email.browser()];
  expect([await login(HOME, A, PASSWORD, atHome), await login(CAFE, A, PASSWORD, inCafe)]).toEqual([
    200, 200,
  ]);
  await post(CAFE, '/logout', {}, inCafe);
  await post(HOME, '/email/change', { username: B }, atHome);
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  expect((await post(PHONE, '/email/change/confirm', { token }, atHome)).status).toBe(200);
  for (let guess = 0; guess < 10; guess += 1) await login(STRANGER, B, 'wrong horse');
  expect(await login(HOME, B)).toBe(200);
  // The session in the café has ended, and where the link was opened no one has logged in.
  for (const ip of [CAFE, PHONE, STRANGER]) expect(await login(ip, B)).toBe(429);
  await email.auth.close();
});
