import type { PostgresUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { realStores } from '../../helpers/apps/feature-stores';

/** What a thief may do: replace a token while a request of this process uses it, so the request finds no token to delete. */

const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com'];

let stores: Awaited<ReturnType<typeof realStores>>;
let email: EmailApp;

beforeEach(async () => {
  stores = await realStores();
  email = emailApp({ stores });
  await stores.users.create({ username: A, passwordHash: await email.auth.passwords.hash(PASSWORD) });
});

afterEach(async () => {
  await email.auth.close();
  await stores.close();
});

/** Does something right before the next call of that method. */
function beforeNext(method: 'updateUsername' | 'updatePasswordHash', act: () => PromiseLike<unknown>) {
  const users = stores.users as PostgresUserStore;
  const real = users[method].bind(users) as (...given: unknown[]) => Promise<boolean>;
  jest.spyOn(users, method).mockImplementationOnce(async (...given) => {
    await act();
    return real(...given);
  });
}

test('a change is told to the old address also if another change is asked for meanwhile', async () => {
  const browser = email.browser();
  await browser.post('/auth/login').send({ username: A, password: PASSWORD });
  const ask = (username: string) => browser.post('/auth/email/change').send({ username });
  await ask(B);
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  const changed = jest.fn();
  email.auth.events.on('emailChanged', changed);
  beforeNext('updateUsername', () => ask(C));
  expect((await browser.post('/auth/email/change/confirm').send({ token })).status).toBe(200);
  expect(await stores.users.findByUsername(B)).toBeDefined();
  await email.mailTo(A, 'email-changed');
  expect(changed).toHaveBeenCalledTimes(1);
  const other = { token: tokenOf(await email.mailTo(C, 'email-change')) };
  expect((await browser.post('/auth/email/change/confirm').send(other)).status).toBe(401);
});

test('a reset is told to its user also if another mail is asked for meanwhile', async () => {
  const ask = () => email.client().post('/auth/password/forgot').send({ username: A });
  const reset = (token: string, newPassword: string) =>
    email.client().post('/auth/password/reset').send({ token, newPassword });
  await ask();
  const token = tokenOf(await email.mailTo(A, 'reset'));
  const resets = jest.fn();
  email.auth.events.on('passwordReset', resets);
  beforeNext('updatePasswordHash', ask);
  expect((await reset(token, NEW_PASSWORD)).status).toBe(200);
  await email.mailTo(A, 'password-changed');
  expect(resets).toHaveBeenCalledTimes(1);
  const other = tokenOf(await email.mailTo(A, 'reset'));
  expect((await reset(other, `${NEW_PASSWORD} 2`)).status).toBe(401);
});
