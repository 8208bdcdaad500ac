import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { digestOf } from '../../../src/utils/digest';
import { PASSWORD } from '../../helpers/apps/app';
import { FaultyStores } from '../second-factor/faulty-stores';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';

const ANN = 'ann@example.com';
const IDENTITY = { issuer: 'https://idp.example', subject: 'squatter' };

type Browser = ReturnType<EmailApp['browser']>;

describe('the first proof of a mailbox', () => {
  let users: MemoryUserStore;
  let faulty: FaultyStores;
  let email: EmailApp;
  let user: StoredUser;
  let squatter: Browser;

  beforeEach(async () => {
    users = new MemoryUserStore();
    faulty = new FaultyStores({ users, refreshTokens: new MemoryRefreshTokenStore() });
    email = emailApp({
      stores: faulty.stores,
      account: { verification: 'later', login: ['link', 'code'] },
    });
    squatter = email.browser();
    await post(squatter, '/register', { username: ANN, password: PASSWORD });
    await email.mailTo(ANN, 'verify');
    await post(squatter, '/login', { username: ANN, password: PASSWORD });
    user = (await users.findByUsername(ANN)) as StoredUser;
    await users.link(user.id, IDENTITY);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await email.auth.close();
  });

  const post = (from: Pick<Browser, 'post'>, path: string, body: object) =>
    from.post(`/auth${path}`).send(body);
  const login = async (password: string) =>
    (await post(email.client(), '/login', { username: ANN, password })).status;
  const askReset = async (browser: Browser) => {
    await post(browser, '/password/forgot', { username: ANN });
    return { token: tokenOf(await email.mailTo(ANN, 'reset')), newPassword: NEW_PASSWORD };
  };
  const logInByCode = async (browser: Browser) => {
    await post(browser, '/login/code', { username: ANN });
    const { code } = await email.mailTo(ANN, 'login-code');
    return post(browser, '/login/code/verify', { code });
  };
  const isProved = async () =>
    (await users.credentials().find('verified-address', `${ANN} ${user.id}`)) !== undefined;
  const left = async () => ({
    identities: (await users.listIdentities(user.id)).length,
    session: (await squatter.post('/auth/refresh')).status,
    password: await login(PASSWORD),
  });
  const NOTHING_LEFT = { identities: 0, session: 401, password: 401 };

  test('by a code from elsewhere wipes what was there before', async () => {
    expect((await logInByCode(email.browser())).status).toBe(200);
    expect(await left()).toEqual(NOTHING_LEFT);
    expect(await isProved()).toBe(true);
  });

  test('by a code from elsewhere ends what the stranger has begun before it removes what is there', async () => {
    const [tokens, hash] = [faulty.stores.refreshTokens.oneTimeTokens!(), digestOf('of an enrolment')];
    await tokens.create({ purpose: 'totp-enrolment', subject: user.id, hash, expiresInSeconds: 600 });
    await users.credentials().add({ userId: user.id, kind: 'totp', id: 'an app', data: '{}' });
    const waiting: unknown[] = [];
    for (const removal of ['users.unlink', 'credentials.removeAll'])
      faulty.before(removal, async () => waiting.push(await tokens.find('totp-enrolment', hash)));
    expect((await logInByCode(email.browser())).status).toBe(200);
    expect(waiting).toEqual([undefined, undefined]);
    expect(await users.credentials().list(user.id, 'totp')).toEqual([]);
  });

  test('by a code in the browser that registered wipes nothing', async () => {
    expect((await logInByCode(squatter)).status).toBe(200);
    expect(await left()).toEqual({ identities: 1, session: 200, password: 200 });
    expect(await isProved()).toBe(true);
  });

  test('by a reset in the browser that registered ends the sessions, and leaves the identities', async () => {
    expect((await post(squatter, '/password/reset', await askReset(squatter))).status).toBe(200);
    expect(await left()).toEqual({ ...NOTHING_LEFT, identities: 1 });
    expect(await isProved()).toBe(true);
  });

  test('of an account that server code has made wipes its identities', async () => {
    const made = await users.create({ username: 'bob@example.com', passwordHash: null });
    await users.link(made.id, { ...IDENTITY, subject: 'bob' });
    await email.account.sendReset(made.id);
    const token = tokenOf(await email.mailTo('bob@example.com', 'reset'));
    await post(email.client(), '/password/reset', { token, newPassword: NEW_PASSWORD });
    expect(await users.listIdentities(made.id)).toEqual([]);
  });

  test('of an account that was marked as verified before wipes nothing but the password and the sessions', async () => {
    await email.account.markVerified(user.id);
    expect((await post(email.client(), '/password/reset', await askReset(email.browser()))).status).toBe(200);
    expect(await left()).toEqual({ ...NOTHING_LEFT, identities: 1 });
  });

  test('a reset that is interrupted leaves the address unproved, and the same request again wipes the rest', async () => {
    const body = await askReset(email.browser());
    jest.spyOn(users.credentials(), 'removeAll').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
    await users
      .credentials()
      .add({ userId: user.id, kind: 'totp', id: `factor of ${user.id}`, data: 'sealed' });
    expect((await post(email.client(), '/password/reset', body)).status).toBe(503);
    expect(await isProved()).toBe(false);
    expect((await post(email.client(), '/password/reset', body)).status).toBe(200);
    expect(await users.credentials().list(user.id, 'totp')).toEqual([]);
    expect(await left()).toEqual(NOTHING_LEFT);
    expect(await isProved()).toBe(true);
  });

  test('a login that is interrupted leaves the address unproved, and the next one wipes the rest', async () => {
    jest.spyOn(users.credentials(), 'removeAll').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
    expect((await logInByCode(email.browser())).status).toBe(503);
    expect(await isProved()).toBe(false);
    expect((await logInByCode(email.browser())).status).toBe(200);
    expect(await left()).toEqual(NOTHING_LEFT);
  });

  test('keeps the reservation of an address that the user may have back', async () => {
    const until = new Date(Date.now() + 60_000).toISOString();
    const data = JSON.stringify({ until, since: new Date().toISOString() });
    await users.credentials().add({ userId: user.id, kind: 'former-address', id: 'was@example.com', data });
    expect((await logInByCode(email.browser())).status).toBe(200);
    expect(await users.credentials().list(user.id, 'former-address')).toHaveLength(1);
  });
});
