import express, { type Express } from 'express';
import request from 'supertest';
import { MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { createTestApp, PASSWORD } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, memoryStores, type OpenStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';

type Browser = ReturnType<EmailApp['browser']>;

describe.each(EACH_STORES)('an account whose address is proved later, on %s', (_name, open) => {
  let stores: OpenStores;
  let email: EmailApp;
  let app: Express;
  let ann: Browser;

  beforeEach(async () => {
    stores = await open();
    email = emailApp({ stores, account: { verification: 'later', login: ['link'] } });
    app = express()
      .use(email.app)
      .get('/who', email.auth.tokenVerify, (req, res) => void res.json(req.user))
      .get('/proved', email.auth.guard({ emailVerified: true }), (req, res) => void res.json(req.user))
      .get(
        '/loaded',
        email.auth.guard({ emailVerified: true, loadUser: true }),
        (req, res) => void res.json(req.user),
      );
    ann = request.agent(app);
  });

  afterEach(async () => {
    await email.auth.close();
    await stores.close();
  });

  const post = (from: Pick<Browser, 'post'>, path: string, body: object) =>
    from.post(`/auth${path}`).send(body);
  const register = (from: Pick<Browser, 'post'> = ann, body: object = {}) =>
    post(from, '/register', { username: ANN, password: PASSWORD, ...body });
  const login = (from: Pick<Browser, 'post'>, password = PASSWORD) =>
    post(from, '/login', { username: ANN, password });
  const mailed = async () => tokenOf(await email.mailTo(ANN, 'verify'));
  const emailVerified = async (browser: Browser) =>
    ((await browser.get('/who')).body as { emailVerified?: unknown }).emailVerified;

  test('exists at once, and a guard asks for the proof', async () => {
    const answer = await register();
    expect([answer.status, answer.body]).toMatchObject([201, { user: { username: ANN } }]);
    await login(ann);
    expect(await emailVerified(ann)).toBe(false);
    for (const path of ['/proved', '/loaded']) expectFailure(await ann.get(path), 'EMAIL_NOT_VERIFIED');
    expect((await ann.get('/auth/check')).body).toMatchObject({ user: { emailVerified: false } });

    const verified = await post(ann, '/email/verify', { token: await mailed() });
    expect([verified.status, verified.body]).toMatchObject([200, { user: { username: ANN } }]);
    expect(await emailVerified(ann)).toBe(true);
    expect((await ann.get('/proved')).status).toBe(200);
    expect((await ann.get('/loaded')).body).toMatchObject({ username: ANN, emailVerified: true });
  });

  test('the claim follows at the next refresh of another session', async () => {
    await register();
    const phone = request.agent(app);
    await login(phone);
    await post(ann, '/email/verify', { token: await mailed() });
    expect(await emailVerified(phone)).toBe(false);
    expect((await phone.post('/auth/refresh')).status).toBe(200);
    expect(await emailVerified(phone)).toBe(true);
    expect((await phone.get('/proved')).status).toBe(200);
  });

  test('auth.verify asks for the proof too', async () => {
    await register(ann, { transport: 'body' });
    const loggedIn = await post(ann, '/login', { username: ANN, password: PASSWORD, transport: 'body' });
    const { accessToken } = loggedIn.body as { accessToken: string };
    await expect(email.auth.verify(accessToken, { emailVerified: true })).rejects.toMatchObject({
      code: 'EMAIL_NOT_VERIFIED',
    });
    await expect(email.auth.verify(accessToken)).resolves.toMatchObject({ emailVerified: false });
  });

  test('a taken and a reserved address are 409, and neither sends a mail', async () => {
    await register();
    await mailed();
    const again = await register(request(app), { password: NEW_PASSWORD });
    expectFailure(again, 'USERNAME_TAKEN');
    expect(again.headers['set-cookie']).toBeUndefined();
    const owner = (await stores.users.findByUsername(ANN)) as StoredUser;
    const data = { until: new Date(Date.now() + 60_000).toISOString(), since: new Date().toISOString() };
    const former = {
      userId: owner.id,
      kind: 'former-address',
      id: 'was@example.com',
      data: JSON.stringify(data),
    };
    await stores.users.credentials?.().add(former);
    expectFailure(await register(ann, { username: 'was@example.com' }), 'USERNAME_TAKEN');
    expect(email.mails).toEqual([]);
  });

  test('another browser than the one that registered needs the password, and nothing is spent without it', async () => {
    await register();
    const token = await mailed();
    const phone = request.agent(app);
    for (const body of [{ token }, { token, password: NEW_PASSWORD }])
      expectFailure(await post(phone, '/email/verify', body), 'INVALID_CREDENTIALS');
    expect((await post(phone, '/email/verify', { token, password: PASSWORD })).status).toBe(200);
    expect(await emailVerified(phone)).toBe(true);
    expectFailure(await post(ann, '/email/verify', { token }), 'ONE_TIME_TOKEN_INVALID');
  });

  test('another client than the one that registered gets tokens in its own way', async () => {
    await register();
    const app = request(email.app);
    const body = { token: await mailed(), password: PASSWORD, transport: 'body' };
    const verified = await post(app, '/email/verify', body);
    expect([verified.status, verified.body]).toMatchObject([200, { tokenType: 'Bearer' }]);
    expect(verified.headers['set-cookie']).toBeUndefined();
  });

  test('someone who registers the address of another person gets no proof from a mail that this person asks for', async () => {
    const attacker = request.agent(app);
    await register(attacker, { password: NEW_PASSWORD });
    await mailed();
    expect((await post(ann, '/email/verify/resend', { username: ANN })).status).toBe(202);
    expectFailure(await post(ann, '/email/verify', { token: await mailed() }), 'INVALID_CREDENTIALS');
    await login(attacker, NEW_PASSWORD);
    expect(await emailVerified(attacker)).toBe(false);
  });

  test('the newest mail is the only good one, and a proved address gets none', async () => {
    await register();
    const first = await mailed();
    await post(ann, '/email/verify/resend', { username: ANN });
    const second = await mailed();
    expectFailure(await post(ann, '/email/verify', { token: first }), 'ONE_TIME_TOKEN_INVALID');
    expect((await post(ann, '/email/verify', { token: second })).status).toBe(200);
    expect((await post(ann, '/email/verify/resend', { username: ANN })).status).toBe(202);
    await post(ann, '/password/forgot', { username: ANN });
    await email.mailTo(ANN, 'reset');
    expect(email.mails).toEqual([]);
  });

  test('an account that server code has made counts as not proved', async () => {
    await stores.users.create({ username: ANN, passwordHash: await email.auth.passwords.hash(PASSWORD) });
    await login(ann);
    expect(await emailVerified(ann)).toBe(false);
  });

  /** The attacker has the password, a session, an identity and a factor, and has asked for another address. */
  async function squat(): Promise<{ attacker: Browser; user: StoredUser }> {
    const attacker = request.agent(app);
    await register(attacker, { password: NEW_PASSWORD });
    await mailed();
    await login(attacker, NEW_PASSWORD);
    const user = (await stores.users.findByUsername(ANN)) as StoredUser;
    const users = stores.users as MemoryUserStore;
    expect(await users.link(user.id, { issuer: 'https://idp.example', subject: 'attacker' })).toBe(true);
    await users
      .credentials()
      .add({ userId: user.id, kind: 'totp', id: `factor of ${user.id}`, data: 'sealed' });
    expect((await post(attacker, '/email/change', { username: 'attacker@example.com' })).status).toBe(202);
    return { attacker, user };
  }

  async function expectWiped({ attacker, user }: { attacker: Browser; user: StoredUser }): Promise<void> {
    const users = stores.users as MemoryUserStore;
    expect(await users.listIdentities(user.id)).toEqual([]);
    expect(await users.credentials().list(user.id, 'totp')).toEqual([]);
    expect((await login(request(app), NEW_PASSWORD)).status).toBe(401);
    expect((await attacker.post('/auth/refresh')).status).toBe(401);
    expect((await attacker.get('/who')).status).toBe(401);
    const change = tokenOf(await email.mailTo('attacker@example.com', 'email-change'));
    expect((await post(attacker, '/email/change/confirm', { token: change })).status).toBe(401);
  }

  test('a reset from elsewhere wipes what a squatter has left', async () => {
    const squatted = await squat();
    const proofs: unknown[] = [];
    email.auth.events.on('emailVerified', ({ userId }) => proofs.push(userId));
    await post(ann, '/password/forgot', { username: ANN });
    const token = tokenOf(await email.mailTo(ANN, 'reset'));
    expect((await post(ann, '/password/reset', { token, newPassword: PASSWORD })).status).toBe(200);
    expect(proofs).toEqual([expect.any(String)]);
    await expectWiped(squatted);
    await login(ann);
    expect(await emailVerified(ann)).toBe(true);
  });

  test('a login by link from elsewhere wipes what a squatter has left', async () => {
    const squatted = await squat();
    expect((await post(ann, '/login/link', { username: ANN })).status).toBe(202);
    const token = tokenOf(await email.mailTo(ANN, 'login-link'));
    expect((await post(ann, '/login/link/verify', { token })).status).toBe(200);
    await expectWiped(squatted);
    expect(await emailVerified(ann)).toBe(true);
  });

  test('a login by link in the browser that registered wipes nothing', async () => {
    await register();
    await login(ann);
    const proofs: unknown[] = [];
    email.auth.events.on('emailVerified', ({ userId }) => proofs.push(userId));
    await post(ann, '/login/link', { username: ANN });
    const token = tokenOf(await email.mailTo(ANN, 'login-link'));
    expect((await post(ann, '/login/link/verify', { token })).status).toBe(200);
    expect(proofs).toEqual([expect.any(String)]);
    expect(await emailVerified(ann)).toBe(true);
    expect((await login(request(app))).status).toBe(200);
  });
});

test('where accounts exist once they are proved, every user counts as proved', async () => {
  const users = new MemoryUserStore();
  const email = emailApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() } });
  await users.create({ username: ANN, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  const app = express()
    .use(email.app)
    .get('/proved', email.auth.guard({ emailVerified: true }), (req, res) => void res.json(req.user));
  const browser = request.agent(app);
  await browser.post('/auth/login').send({ username: ANN, password: PASSWORD });
  expect((await browser.get('/proved')).body).toMatchObject({ emailVerified: true });
  await email.auth.close();
});

test('a token from before the feature counts as expired, and a refresh brings the claim', async () => {
  const stores = memoryStores();
  const before = createTestApp(stores);
  await before.register(ANN);
  const { accessToken, refreshToken } = await before.tokensOf(ANN);
  await expect(before.auth.verify(accessToken)).resolves.not.toHaveProperty('emailVerified');
  const email = emailApp({ stores });
  await expect(email.auth.verify(accessToken)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_EXPIRED' });
  const refreshed = await email.auth.sessions.refresh(refreshToken);
  await expect(email.auth.verify(refreshed.accessToken)).resolves.toMatchObject({ emailVerified: true });
  await email.auth.close();
});

test('guard and verify refuse emailVerified without the feature, and name it', () => {
  const { auth } = createTestApp();
  expect(() => auth.guard({ emailVerified: true })).toThrow(
    /^guard\(\): emailVerified needs .*emailAccount\(\)/,
  );
  return expect(auth.verify('x', { emailVerified: true })).rejects.toThrow(
    /^verify\(\): emailVerified needs/,
  );
});
