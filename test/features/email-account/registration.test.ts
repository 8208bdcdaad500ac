import request from 'supertest';
import { AuthError, type AuthEvent } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, type FeatureStores, type OpenStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';
const MAILED = { message: 'A mail is on its way. Open its link to finish the registration' };

type Browser = ReturnType<EmailApp['browser']>;

const post = (from: { post: Browser['post'] }, path: string, body: object) =>
  from.post(`/auth${path}`).send(body);
const register = (from: { post: Browser['post'] }, body: object = {}) =>
  post(from, '/register', { username: ANN, password: PASSWORD, ...body });
const verify = (from: { post: Browser['post'] }, token: unknown, body: object = {}) =>
  post(from, '/email/verify', { token, ...body });
const resend = (from: { post: Browser['post'] }, username: unknown = ANN) =>
  post(from, '/email/verify/resend', { username });

const REFUSED = { code: 'ONE_TIME_TOKEN_INVALID' };
const WRONG = { code: 'INVALID_CREDENTIALS' };

describe.each(EACH_STORES)('a registration by e-mail, on %s', (_name, open) => {
  let stores: OpenStores;
  let email: EmailApp;
  let ann: Browser;

  beforeEach(async () => {
    stores = await open();
    email = emailApp({ stores });
    ann = email.browser();
  });

  afterEach(async () => {
    await email.auth.close();
    await stores.close();
  });

  const login = (password: string, username = ANN) => post(email.client(), '/login', { username, password });
  const linkTo = async (address = ANN) => tokenOf(await email.mailTo(address, 'verify'));
  const events = () => {
    const seen: AuthEvent[] = [];
    for (const type of [
      'registered',
      'registrationStarted',
      'emailVerified',
      'login',
      'loginFailed',
    ] as const)
      email.auth.events.on(type, (event: AuthEvent) => void seen.push(event));
    return seen;
  };

  test('makes no account before the link is opened, and logs in then', async () => {
    const seen = events();
    const answer = await register(ann);
    expect([answer.status, answer.body]).toEqual([202, MAILED]);
    expect(await stores.users.findByUsername(ANN)).toBeUndefined();
    expect((await login(PASSWORD)).status).toBe(401);
    const mail = await email.mailTo(ANN, 'verify');
    expect(mail.userId).toBeUndefined();
    const verified = await verify(ann, tokenOf(mail));
    expect([verified.status, verified.body]).toEqual([
      200,
      { message: 'Login successful', user: { id: expect.any(String) as string, username: ANN, roles: [] } },
    ]);
    expect((await ann.get('/auth/check')).status).toBe(200);
    expect((await login(PASSWORD)).status).toBe(200);
    const { id } = (verified.body as { user: { id: string } }).user;
    expect(seen.filter(({ type }) => !type.startsWith('login'))).toEqual([
      expect.objectContaining({ type: 'registrationStarted', userId: undefined }),
      expect.objectContaining({ type: 'registered', userId: id, username: ANN }),
      expect.objectContaining({ type: 'emailVerified', userId: id }),
    ]);
  });

  test('keeps transport and remember of the registration for the login', async () => {
    await register(ann, { remember: true });
    const remembered = await verify(ann, await linkTo());
    expect(String(remembered.headers['set-cookie'])).toMatch(/refreshToken=[^;]+; Max-Age=/);

    const mobile = email.client() as never;
    const answer = await register(mobile, { username: 'bob@example.com', transport: 'body' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    const token = await linkTo('bob@example.com');
    expect((await verify(mobile, token)).body).toMatchObject(WRONG);
    const verified = await verify(mobile, token, { password: PASSWORD });
    expect(verified.headers['set-cookie']).toBeUndefined();
    expect(verified.body).toMatchObject({ tokenType: 'Bearer', user: { username: 'bob@example.com' } });
  });

  test('another client than the one that registered gets tokens in its own way', async () => {
    const mobile = email.client() as never;
    await register(mobile, { transport: 'body' });
    const browser = email.browser();
    const inBrowser = await verify(browser, await linkTo(), { password: PASSWORD, transport: 'cookie' });
    expect(inBrowser.body).not.toHaveProperty('refreshToken');
    expect((await browser.get('/auth/check')).status).toBe(200);

    const bob = 'bob@example.com';
    await register(ann, { username: bob });
    const inApp = await verify(mobile, await linkTo(bob), { password: PASSWORD, transport: 'body' });
    expect(inApp.headers['set-cookie']).toBeUndefined();
    expect(inApp.body).toMatchObject({ tokenType: 'Bearer', user: { username: bob } });
  });

  test('the browser that registered gets no tokens in a body, which its scripts could read', async () => {
    await register(ann);
    const verified = await verify(ann, await linkTo(), { transport: 'body' });
    expect([verified.status, verified.body]).toMatchObject([200, { user: { username: ANN } }]);
    expect(verified.body).not.toHaveProperty('refreshToken');
    expect((await ann.get('/auth/check')).status).toBe(200);
  });

  test('another browser needs the password, and nothing is spent without it', async () => {
    await register(ann);
    const token = await linkTo();
    const seen = events();
    const phone = email.browser();
    for (const body of [{}, { password: NEW_PASSWORD }]) {
      const refused = await verify(phone, token, body);
      expect([refused.status, refused.body]).toMatchObject([401, WRONG]);
      expect(refused.headers['set-cookie']).toBeUndefined();
    }
    expect(seen).toEqual([
      expect.objectContaining({
        type: 'loginFailed',
        username: ANN,
        userId: undefined,
        reason: 'wrong-password',
      }),
      expect.objectContaining({
        type: 'loginFailed',
        username: ANN,
        userId: undefined,
        reason: 'wrong-password',
      }),
    ]);
    expect(await stores.users.findByUsername(ANN)).toBeUndefined();
    expect((await verify(phone, token, { password: PASSWORD })).status).toBe(200);
    expect((await phone.get('/auth/check')).status).toBe(200);
  });

  test('guesses at the password count as failed logins of that name', async () => {
    await register(ann);
    const token = await linkTo();
    const statuses = [];
    for (let guess = 0; guess < 11; guess += 1)
      statuses.push((await verify(email.client(), token, { password: `guess ${guess} at it` })).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
    expect(statuses[10]).toBe(429);
    expect((await login(PASSWORD)).status).toBe(429);
    // The browser that registered needs no password.
    expect((await verify(ann, token)).status).toBe(200);
  });

  test('someone who registers the address of another person gets nothing when that person opens the link', async () => {
    const attacker = email.browser();
    await register(attacker, { password: NEW_PASSWORD });
    const token = await linkTo();
    expect((await verify(ann, token)).body).toMatchObject(WRONG);
    expect(await stores.users.findByUsername(ANN)).toBeUndefined();
    expect((await attacker.get('/auth/check')).status).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(401);
  });

  test('registrations of several browsers wait beside each other, and the first proof ends the others', async () => {
    const attacker = email.browser();
    await register(ann);
    const anns = await linkTo();
    await register(attacker, { password: NEW_PASSWORD });
    const attackers = await linkTo();
    expect((await verify(ann, anns)).status).toBe(200);
    expect((await verify(attacker, attackers)).body).toMatchObject(REFUSED);
    expect((await verify(ann, attackers)).body).toMatchObject(REFUSED);
    expect((await login(NEW_PASSWORD)).status).toBe(401);
    expect((await login(PASSWORD)).status).toBe(200);
  });

  test('of two proofs of one address at once one wins', async () => {
    const other = email.browser();
    await register(ann);
    const anns = await linkTo();
    await register(other, { password: NEW_PASSWORD });
    const others = await linkTo();
    const answers = await Promise.all([verify(ann, anns), verify(other, others)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const passwords = await Promise.all([PASSWORD, NEW_PASSWORD].map((password) => login(password)));
    expect(passwords.map(({ status }) => status)).toEqual(answers.map(({ status }) => status));
  });

  test('the same browser that registers again replaces its registration', async () => {
    await register(ann);
    const first = await linkTo();
    await register(ann, { password: NEW_PASSWORD });
    const second = await linkTo();
    expect((await verify(ann, first)).body).toMatchObject(REFUSED);
    expect((await verify(ann, second)).status).toBe(200);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });

  test('of 100 requests with one token at once, over two apps, one gets a session', async () => {
    const other = emailApp({ stores });
    await register(ann);
    const token = await linkTo();
    const [cookie] = (await register(ann, { username: 'x@example.com' })).headers[
      'set-cookie'
    ] as unknown as string[];
    const seen = events();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        request(index % 2 ? email.app : other.app)
          .post('/auth/email/verify')
          .set('Cookie', (cookie as string).split(';')[0] as string)
          .send({ token }),
      ),
    );
    const counts = answers.map(({ status }) => status);
    expect(counts.filter((status) => status === 200)).toHaveLength(1);
    expect(counts.filter((status) => status === 401)).toHaveLength(99);
    const losers = answers.filter(({ status }) => status === 401);
    expect(losers.filter(({ headers }) => headers['set-cookie'] !== undefined)).toEqual([]);
    const user = await stores.users.findByUsername(ANN);
    expect(await email.auth.sessions.list(user?.id as string)).toHaveLength(1);
    expect(seen.filter(({ type }) => type === 'emailVerified').length).toBeLessThanOrEqual(1);
    await other.auth.close();
  });

  test('what was begun before an account exists by another way is good for nothing', async () => {
    await register(ann);
    const token = await linkTo();
    await stores.users.create({ username: ANN.toUpperCase(), passwordHash: null });
    expect((await verify(ann, token)).body).toMatchObject(REFUSED);
    expect((await stores.users.findByUsername(ANN))?.passwordHash).toBeNull();
  });

  test('a verification that was interrupted after the account was made is finished by the same request', async () => {
    await register(ann);
    const token = await linkTo();
    const { refreshTokens } = stores;
    const failing = emailApp({ stores: { ...stores, refreshTokens: failOnce(refreshTokens, 'create') } });
    const browser = request.agent(failing.app);
    const cookie = await cookieOf(ann);
    expect((await browser.post('/auth/email/verify').set('Cookie', cookie).send({ token })).status).toBe(503);
    const made = await stores.users.findByUsername(ANN);
    expect(made).toBeDefined();
    const seen = events();
    expect((await verify(ann, token)).status).toBe(200);
    expect(seen.map(({ type }) => type)).toEqual(['login', 'emailVerified']);
    expect(await stores.users.findByUsername(ANN)).toEqual(made);
    await failing.auth.close();
  });

  test('sends the link again to the browser that registered, and to no other', async () => {
    await register(ann, { remember: true });
    const first = await linkTo();
    for (const [browser, address] of [
      [email.browser(), ANN],
      [ann, 'no-one@example.com'],
    ] as const) {
      const nothing = await resend(browser, address);
      expect([nothing.status, nothing.body]).toEqual([202, MAILED]);
    }
    expect((await resend(ann)).body).toEqual(MAILED);
    const again = await linkTo();
    expect(email.mails).toEqual([]);
    expect((await verify(ann, first)).body).toMatchObject(REFUSED);
    const verified = await verify(ann, again);
    expect(verified.status).toBe(200);
    expect(String(verified.headers['set-cookie'])).toMatch(/refreshToken=[^;]+; Max-Age=/);
    expect((await resend(ann)).status).toBe(202);
    await register(email.client(), { username: 'last@example.com' });
    await email.mailTo('last@example.com', 'verify');
    expect(email.mails).toEqual([]);
  });

  test('nothing that is stored has the password hash or the token, and no address is in a key', async () => {
    const kept: string[] = [];
    const spied = watchTokens(stores.refreshTokens, kept);
    const watched = emailApp({ stores: { ...stores, refreshTokens: spied } });
    await register(request.agent(watched.app));
    const token = tokenOf(await watched.mailTo(ANN, 'verify'));
    expect(kept).toHaveLength(2);
    for (const text of kept) {
      expect(text).not.toContain('$2');
      expect(text).not.toContain(token);
      expect(text).not.toContain('ann@');
    }
    await watched.auth.close();
  });
});

/** The cookie by which the browser shows that it has registered. */
async function cookieOf(browser: Browser): Promise<string> {
  const answer = await register(browser, { username: 'cookie@example.com' });
  const [cookie] = answer.headers['set-cookie'] as unknown as [string];
  return cookie.split(';')[0] as string;
}

type Sessions = FeatureStores['refreshTokens'];

/** The store, whose method fails once as in an outage. */
function failOnce(store: Sessions, method: keyof Sessions): Sessions {
  let isDown = true;
  return proxied(store, method, async (proceed) => {
    if (!isDown) return proceed();
    isDown = false;
    throw new AuthError('SERVICE_UNAVAILABLE');
  });
}

function watchTokens(store: Sessions, kept: string[]): Sessions {
  const tokens = store.oneTimeTokens?.() as object;
  const watched = proxied(tokens as never, 'create', (proceed, args) => {
    kept.push(JSON.stringify(args));
    return proceed();
  });
  return proxied(store, 'oneTimeTokens', () => watched);
}

function proxied<Store extends object>(
  store: Store,
  method: keyof Store,
  call: (proceed: () => Promise<unknown>, args: unknown[]) => unknown,
): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      const bound = (...args: unknown[]) => Reflect.apply(value, target, args) as Promise<unknown>;
      return name === method ? (...args: unknown[]) => call(() => bound(...args), args) : bound;
    },
  });
}
