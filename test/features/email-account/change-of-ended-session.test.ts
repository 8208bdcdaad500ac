import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { realStores } from '../../helpers/apps/feature-stores';

const [A, B] = ['a@example.com', 'b@example.com'];

let stores: Awaited<ReturnType<typeof realStores>>;
let email: EmailApp;
let thief: ReturnType<EmailApp['browser']>;
let owner: ReturnType<EmailApp['browser']>;

beforeEach(async () => {
  stores = await realStores();
  email = emailApp({ stores });
  await stores.users.create({ username: A, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  [thief, owner] = [email.browser(), email.browser()];
  for (const each of [thief, owner]) await each.post('/auth/login').send({ username: A, password: PASSWORD });
});

afterEach(async () => {
  await email.auth.close();
  await stores.close();
});

const ask = (username = B) => thief.post('/auth/email/change').send({ username });
/** In the browser of the owner, who opens the mail. */
const confirm = async (token: string) => {
  const elsewhere = email.browser();
  await elsewhere.post('/auth/login').send({ username: A, password: PASSWORD });
  return elsewhere.post('/auth/email/change/confirm').send({ token });
};

test.each([
  ['ends all other sessions', () => owner.delete('/auth/sessions')],
  ['logs out everywhere', () => owner.post('/auth/logout-all')],
])('a user who %s ends a change that a thief has asked for', async (_how, end) => {
  await ask();
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  expect((await end()).status).toBe(200);
  expect((await confirm(token)).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
  expect(await stores.users.findByUsername(A)).toBeDefined();
});

test('a change that is asked for while all sessions end is worthless', async () => {
  const find = stores.users.findByUsername.bind(stores.users);
  const spy = jest.spyOn(stores.users, 'findByUsername').mockImplementationOnce(async (name) => {
    await owner.delete('/auth/sessions');
    return find(name);
  });
  expect((await ask()).status).toBe(202);
  expect(spy).toHaveBeenCalled();
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  expect((await confirm(token)).status).toBe(401);
});

test('a change that is confirmed while all sessions end is taken back', async () => {
  await ask();
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  const updateUsername = stores.users.updateUsername?.bind(stores.users);
  const spy = jest.spyOn(stores.users as Required<typeof stores.users>, 'updateUsername');
  spy.mockImplementationOnce(async (...args) => {
    await owner.post('/auth/logout-all');
    return (await updateUsername?.(...args)) ?? false;
  });
  expect((await confirm(token)).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
  expect(spy).toHaveBeenCalledTimes(2);
  expect(await stores.users.findByUsername(A)).toBeDefined();
  expect(email.mails).toEqual([]);
});

test('a change is confirmed in another browser, while the session that asked lives', async () => {
  await ask();
  const token = tokenOf(await email.mailTo(B, 'email-change'));
  await thief.post('/auth/refresh');
  expect((await confirm(token)).status).toBe(200);
});

test('the mail about a taken address goes to its user as that is spelled, and not to the spelling that was typed', async () => {
  await stores.users.create({ username: 'mike@example.com', passwordHash: null });
  // The Kelvin sign, which becomes a k in lower case.
  expect((await ask('mi\u212ae@example.com')).status).toBe(202);
  await email.mailTo('mike@example.com', 'email-change-taken');
});
