import request from 'supertest';
import { PASSWORD } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';

describe.each(EACH_STORES)('a forgotten password, on %s', (_name, open) => {
  let stores: OpenStores;
  let email: EmailApp;
  let ann: StoredUser;

  beforeEach(async () => {
    stores = await open();
    email = emailApp({ stores });
    const passwordHash = await email.auth.passwords.hash(PASSWORD);
    ann = await stores.users.create({ username: ANN, passwordHash });
  });

  afterEach(async () => {
    await email.auth.close();
    await stores.close();
  });

  const ask = (username: unknown) => email.client().post('/auth/password/forgot').send({ username });
  const reset = (token: unknown, newPassword: unknown = NEW_PASSWORD, app = email.app) =>
    request(app).post('/auth/password/reset').send({ token, newPassword });
  const login = (password: string, browser = email.client()) =>
    browser.post('/auth/login').send({ username: ANN, password });
  const newToken = async () => {
    expect((await ask(ANN)).status).toBe(202);
    return tokenOf(await email.mailTo(ANN, 'reset'));
  };

  test('sets a new password, ends every session and logs no one in', async () => {
    const browser = email.browser();
    await login(PASSWORD, browser);
    const answer = await reset(await newToken());
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: 'The new password is set. Log in with it' },
    ]);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect((await browser.get('/auth/check')).body).toMatchObject({ code: 'SESSION_REVOKED' });
    expect((await browser.post('/auth/refresh')).status).toBe(401);
    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
    await email.mailTo(ANN, 'password-changed');
  });

  test('takes a token once, and only the newest', async () => {
    const [older, newest] = [await newToken(), await newToken()];
    expect((await reset(older)).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
    expect((await reset(newest)).status).toBe(200);
    expect((await reset(newest)).status).toBe(401);
  });

  test('of resets to different passwords at once, over two apps, exactly one wins', async () => {
    const other = emailApp({ stores });
    const token = await newToken();
    const passwords = Array.from({ length: 12 }, (_, index) => `${NEW_PASSWORD} ${index}`);
    const answers = await Promise.all(
      passwords.map((each, index) => reset(token, each, index % 2 ? email.app : other.app)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status !== 200).every((status) => [401, 429].includes(status))).toBe(
      true,
    );
    expect((await login(passwords[statuses.indexOf(200)] as string)).status).toBe(200);
    await eventually('a notice', () => Promise.resolve([...email.mails, ...other.mails].length > 0));
    expect([...email.mails, ...other.mails].map(({ kind }) => kind)).toEqual(['password-changed']);
    await other.auth.close();
  });

  test('a refused password spends nothing', async () => {
    const token = await newToken();
    for (const refused of ['short', ANN, 5, ['x'], 'password\u0000password', undefined]) {
      const answer = await reset(token, refused ?? null);
      expect([answer.status, answer.body]).toMatchObject([
        400,
        { code: 'VALIDATION_FAILED', errors: [{ path: 'newPassword' }] },
      ]);
    }
    expect((await reset(token)).status).toBe(200);
  });

  test('another password makes the token worthless, and it is no way to guess passwords', async () => {
    const token = await newToken();
    const browser = email.browser();
    await login(PASSWORD, browser);
    const change = { currentPassword: PASSWORD, newPassword: 'a third horse 7 battery' };
    expect((await browser.post('/auth/password').send(change)).status).toBe(200);
    const statuses = [];
    for (let guess = 0; guess < 12; guess += 1) statuses.push((await reset(token)).status);
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect((await login(change.newPassword)).status).toBe(200);
  });

  test('gives a first password to a user without one', async () => {
    const bob = await stores.users.create({ username: 'bob@example.com', passwordHash: null });
    await email.account.sendReset(bob.id, { locale: 'ko' });
    const mail = await email.mailTo('bob@example.com', 'reset');
    expect(mail.locale).toBe('ko');
    expect((await reset(tokenOf(mail))).status).toBe(200);
    const body = { username: 'bob@example.com', password: NEW_PASSWORD };
    expect((await email.client().post('/auth/login').send(body)).status).toBe(200);
  });

  test('the answer is the same for known, unknown and disabled users', async () => {
    const eve = await stores.users.create({ username: 'eve@example.com', passwordHash: ann.passwordHash });
    await (stores.users as MemoryUserStore).update(eve.id, { disabled: true });
    const answers = [];
    for (const name of [ANN, 'nobody@example.com', 'eve@example.com'])
      answers.push(await ask(name).set('Accept-Language', 'en'));
    const seen = answers.map(({ status, body, headers }) => {
      delete headers['date'];
      return { status, body: body as object, headers };
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    await email.mailTo(ANN, 'reset');
    expect(email.mails).toEqual([]);
  });

  test('a user who was disabled after the mail keeps the password', async () => {
    const token = await newToken();
    await (stores.users as MemoryUserStore).update(ann.id, { disabled: true });
    expect((await reset(token)).body).toMatchObject({ code: 'ONE_TIME_TOKEN_INVALID' });
    expect((await stores.users.findById(ann.id))?.passwordHash).toBe(ann.passwordHash);
  });
});

test('a name that is no address, and a token that is no text, are 400', async () => {
  const email = emailApp();
  const post = (path: string, body: object) => email.client().post(`/auth${path}`).send(body);
  for (const username of [
    'ann',
    'ann@',
    '@example.com',
    'a b@example.com',
    'a@b@c, d@example.com',
    'ann@-x.com',
    5,
    ['a@b.example'],
    null,
  ])
    expect((await post('/password/forgot', { username })).body).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: 'username' }],
    });
  const korean = await post('/password/forgot', { username: 'ann' }).set('Accept-Language', 'ko');
  expect(korean.body).toMatchObject({ errors: [{ path: 'username', message: '이메일 주소여야 합니다.' }] });
  for (const token of [5, null, ['x'], {}])
    expect((await post('/password/reset', { token, newPassword: NEW_PASSWORD })).body).toMatchObject({
      errors: [{ path: 'token' }],
    });
  for (const token of ['', 'x', '\u0000', 'é'.repeat(3000)])
    expect((await post('/password/reset', { token, newPassword: NEW_PASSWORD })).status).toBe(401);
  await email.auth.close();
});

test('mails beyond the limits are not sent, and their answers don’t show it', async () => {
  const users = new MemoryUserStore();
  const email = emailApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    account: { limits: { mailbox: 2, address: 4 } },
  });
  for (const name of ['a', 'b', 'c'])
    await users.create({ username: `${name}@example.com`, passwordHash: null });
  const ask = (name: string) =>
    email
      .client()
      .post('/auth/password/forgot')
      .send({ username: `${name}@example.com` });
  const bodies = [];
  for (const name of ['a', 'a', 'a', 'b', 'c']) bodies.push((await ask(name)).body as object);
  expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  const sent = email.mails.map(({ to }) => to);
  expect(sent).toEqual(['a@example.com', 'a@example.com', 'b@example.com']);
  const token = tokenOf(email.mails[1] as never);
  const answer = await email.client().post('/auth/password/reset').send({ token, newPassword: NEW_PASSWORD });
  expect(answer.status).toBe(200); // the mail that was not sent has ended no token
  await email.auth.close();
});
