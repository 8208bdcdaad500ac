import request from 'supertest';
import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import type { OneTimeTokenStore } from '../../../src/stores/one-time-token-store';
import { PASSWORD, REFRESH_SECRET } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { EACH_STORES, type FeatureStores, type OpenStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';
const INVALID = { code: 'ONE_TIME_TOKEN_INVALID' };
const ANOTHER_SECRET = 'another-refresh-secret-of-at-least-32-bytes';

type Browser = ReturnType<EmailApp['browser']>;
type Way = 'link' | 'code';

describe.each(EACH_STORES)('a login by mail, on %s', (name, open) => {
  let stores: OpenStores;
  let email: EmailApp;
  let ann: StoredUser;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    email = emailApp({ stores, account: { login: ['link', 'code'] } });
    ann = await stores.users.create({ username: ANN, passwordHash: null, roles: ['member'] });
  });

  afterEach(async () => {
    await remove(ann);
    await email.auth.close();
  });

  const remove = (user: StoredUser) => (stores.users as MemoryUserStore).delete(user.id);
  const disable = (user: StoredUser) => (stores.users as MemoryUserStore).update(user.id, { disabled: true });

  /** What the mail has brought, and where to send it. */
  const askFor = async (way: Way, browser: Pick<Browser, 'post'>, members: object = {}) => {
    const answer = await browser.post(`/auth/login/${way}`).send({ username: ANN, ...members });
    expect(answer.status).toBe(202);
    const mail = await email.mailTo(ANN, `login-${way}`);
    const body = way === 'link' ? { token: tokenOf(mail) } : { code: mail.code };
    return { body, mail, challenge: (answer.body as { challenge?: string }).challenge };
  };
  const verify = (way: Way, browser: Pick<Browser, 'post'>, body: object) =>
    browser.post(`/auth/login/${way}/verify`).send(body);
  const sessionsOfAnn = () => email.auth.sessions.list(ann.id);

  // What no store does in its own way is tested in memory only.
  if (name === 'memory')
    describe.each<Way>(['link', 'code'])('by %s', (way) => {
      test('logs in once, in the browser that asked', async () => {
        const browser = email.browser();
        const { body } = await askFor(way, browser, { remember: true });
        const answer = await verify(way, browser, body);
        expect([answer.status, answer.body]).toEqual([
          200,
          { message: 'Login successful', user: { id: ann.id, username: ANN, roles: ['member'] } },
        ]);
        const cookies = answer.headers['set-cookie'] as unknown as string[];
        expect(cookies.find((each) => each.startsWith('refreshToken='))).toContain('Max-Age');
        expect(cookies.find((each) => each.startsWith(`flowState.${way}=`))).toContain('1970');
        const check = await browser.get('/auth/check');
        expect(check.body).toMatchObject({ user: { id: ann.id, amr: ['mca'] } });
        expect((await verify(way, browser, body)).body).toMatchObject(INVALID);
        expect(await sessionsOfAnn()).toHaveLength(1);
      });

      test('works without cookies, by the challenge', async () => {
        const { body, challenge } = await askFor(way, email.client(), { transport: 'body' });
        expect(challenge).toMatch(/^[\w-]{32}$/);
        const foreign = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
        const answer = await verify(way, email.client(), { ...body, challenge }).set(foreign);
        expect(answer.body).toMatchObject({ user: { id: ann.id }, tokenType: 'Bearer' });
        expect(answer.headers['set-cookie']).toBeUndefined();
      });

      test('is refused elsewhere, spends nothing there, and costs no try', async () => {
        const [browser, stranger] = [email.browser(), email.browser()];
        const { body } = await askFor(way, browser);
        await stranger.post(`/auth/login/${way}`).send({ username: 'nobody@example.com' });
        for (let times = 0; times < 5; times += 1) {
          expect((await verify(way, email.client(), body)).body).toMatchObject(INVALID);
          expect((await verify(way, stranger, body)).body).toMatchObject(INVALID);
          const challenge = 'x'.repeat(32);
          expect((await verify(way, browser, { ...body, challenge })).body).toMatchObject(INVALID);
          expect((await email.client().get(`/auth/login/${way}/verify`).query(body)).status).toBe(404);
        }
        expect((await verify(way, browser, body)).status).toBe(200);
      });

      test('a secret of the other transport is none', async () => {
        const { body, challenge } = await askFor(way, email.client(), { transport: 'body' });
        const cookie = `flowState.${way}=${challenge}`;
        const withCookie = await verify(way, email.client(), body).set('Cookie', cookie);
        expect(withCookie.body).toMatchObject(INVALID);
        expect((await verify(way, email.client(), { ...body, challenge })).status).toBe(200);
      });

      test('logins of two browsers wait side by side, and within one the newest counts', async () => {
        const [phone, laptop] = [email.browser(), email.browser()];
        const [first, onLaptop] = [await askFor(way, phone), await askFor(way, laptop)];
        const newest = await askFor(way, phone);
        expect((await verify(way, phone, first.body)).body).toMatchObject(INVALID);
        expect((await verify(way, laptop, onLaptop.body)).status).toBe(200);
        expect((await verify(way, phone, newest.body)).status).toBe(200);
      });

      test('a page of another site can neither ask nor log in with cookies', async () => {
        const browser = email.browser();
        const { body } = await askFor(way, browser);
        const foreign = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
        expect((await verify(way, browser, body).set(foreign)).status).toBe(403);
        const ask = email.client().post(`/auth/login/${way}`).set(foreign);
        expect((await ask.send({ username: ANN })).status).toBe(403);
        expect((await verify(way, browser, body)).status).toBe(200);
      });

      test('the answer is the same for known, unknown and disabled users', async () => {
        const eve = await stores.users.create({ username: 'eve@example.com', passwordHash: null });
        await disable(eve);
        for (const transport of ['cookie', 'body']) {
          const answers = [];
          for (const username of [ANN, 'nobody@example.com', 'eve@example.com'])
            answers.push(await email.client().post(`/auth/login/${way}`).send({ username, transport }));
          const [known, ...others] = answers.map(({ status, text, headers }) => {
            const { date: _, etag: __, ...rest } = headers as Record<string, unknown>;
            return JSON.stringify({ status, text, rest }).replaceAll(/[\w-]{32}(?=[";\\])/g, 'SECRET');
          });
          expect(known).toContain('SECRET');
          expect(others).toEqual([known, known]);
          await email.mailTo(ANN, `login-${way}`);
        }
        expect(email.mails).toEqual([]);
        await remove(eve);
      });

      test('users who were disabled or deleted after the mail are not logged in', async () => {
        const browser = email.browser();
        const { body } = await askFor(way, browser);
        for (const end of [disable, remove]) {
          await end(ann);
          expect((await verify(way, browser, body)).body).toMatchObject(INVALID);
        }
        expect(await sessionsOfAnn()).toEqual([]);
      });

      test('in an outage the answer is 503, and nothing is spent', async () => {
        const browser = email.browser();
        const { body } = await askFor(way, browser);
        const down = () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));
        for (let times = 0; times < 4; times += 1) {
          const spy = jest.spyOn(stores.users, 'findById').mockImplementationOnce(down);
          expect((await verify(way, browser, body)).status).toBe(503);
          spy.mockRestore();
        }
        expect((await verify(way, browser, body)).status).toBe(200);
      });

      test('a request for another mail that fails in an outage leaves the mail before good', async () => {
        const browser = email.browser();
        const { body } = await askFor(way, browser);
        const down = () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));
        const spy = jest.spyOn(stores.users, 'findByUsername').mockImplementationOnce(down);
        const failed = await browser.post(`/auth/login/${way}`).send({ username: ANN });
        expect([failed.status, failed.headers['set-cookie']]).toEqual([503, undefined]);
        spy.mockRestore();
        expect((await verify(way, browser, body)).status).toBe(200);
      });

      test('is announced, with nothing secret', async () => {
        const seen: unknown[] = [];
        for (const event of ['loginLinkAsked', 'loginCodeAsked', 'oneTimeTokenRefused', 'locked'] as const)
          email.auth.events.on(event, (each: object) => void seen.push(each));
        const browser = email.browser();
        const { body } = await askFor(way, browser);
        await browser.post(`/auth/login/${way}`).send({ username: 'nobody@example.com' });
        for (let times = 0; times < 4; times += 1) await verify(way, browser, body);
        const asked = way === 'link' ? 'loginLinkAsked' : 'loginCodeAsked';
        expect(seen).toMatchObject([
          { type: asked, userId: ann.id },
          { type: asked, userId: undefined },
          ...Array.from({ length: 3 }, () => ({ type: 'oneTimeTokenRefused', purpose: `login-${way}` })),
          ...(way === 'code' ? [{ type: 'locked', limit: 'login-code' }] : []),
          { type: 'oneTimeTokenRefused', purpose: `login-${way}` },
        ]);
        expect(JSON.stringify(seen)).not.toContain(Object.values(body)[0]);
      });
    });

  test('of 100 verifies of one link at once, over two apps, one gets a session', async () => {
    const other = emailApp({ stores, account: { login: 'link' } });
    const { body, challenge } = await askFor('link', email.client(), { transport: 'body' });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        verify('link', index % 2 ? email.client() : other.client(), { ...body, challenge }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(99);
    expect(await sessionsOfAnn()).toHaveLength(1);
    await other.auth.close();
  });

  test('of 100 codes guessed at once, in all apps of a store, three are judged', async () => {
    let judged = 0;
    const counting = countingFinds(stores.refreshTokens, () => (judged += 1));
    // Apps share the counts of a database. Each has its own in memory.
    const apps = (name === 'memory' ? [1] : [1, 2]).map(() =>
      emailApp({ stores: { ...stores, ...counting }, account: { login: 'code' } }),
    );
    const { body, challenge } = await askFor('code', email.client(), { transport: 'body' });
    const guesses = Array.from({ length: 100 }, (_, index) => wrongCode(body.code, index));
    const answers = await Promise.all(
      guesses.map((code, index) =>
        verify('code', (apps[index % apps.length] as EmailApp).client(), { code, challenge }),
      ),
    );
    expect(answers.every(({ status }) => status === 401)).toBe(true);
    expect(judged).toBe(3);
    const [app] = apps as [EmailApp];
    expect((await verify('code', app.client(), { ...body, challenge })).body).toMatchObject(INVALID);
    expect(judged).toBe(3);
    for (const { auth } of apps) await auth.close();
  });

  test('three wrong codes end the tries of that browser only, and a new code has new ones', async () => {
    const [browser, other] = [email.browser(), email.browser()];
    const { body } = await askFor('code', browser);
    const elsewhere = await askFor('code', other);
    for (const code of ['12345', 'abcdef', wrongCode(body.code)])
      expect((await verify('code', browser, { code })).body).toMatchObject(INVALID);
    expect((await verify('code', browser, body)).body).toMatchObject(INVALID);
    expect((await verify('code', other, elsewhere.body)).status).toBe(200);
    const again = await askFor('code', browser);
    expect((await verify('code', browser, again.body)).status).toBe(200);
  });

  test('a code has six digits, and may be typed with white space', async () => {
    const browser = email.browser();
    const { mail } = await askFor('code', browser);
    expect(mail.code).toMatch(/^\d{6}$/);
    const code = ` ${(mail.code ?? '').replace(/^(...)/, '$1\u00a0 ')}\n`;
    expect((await verify('code', browser, { code })).status).toBe(200);
  });

  test('a code outlives a change of the refresh secret', async () => {
    const { body, challenge } = await askFor('code', email.client(), { transport: 'body' });
    const secret = [ANOTHER_SECRET, REFRESH_SECRET];
    const next = emailApp({ stores, account: { login: 'code' }, auth: { refreshToken: { secret } } });
    expect((await verify('code', next.client(), { ...body, challenge })).status).toBe(200);
    await next.auth.close();
  });

  test('a password reset ends links and codes', async () => {
    const browser = email.browser();
    const [link, code] = [await askFor('link', browser), await askFor('code', browser)];
    await email.account.sendReset(ann.id);
    const token = tokenOf(await email.mailTo(ANN, 'reset'));
    const reset = await email.client().post('/auth/password/reset').send({ token, newPassword: PASSWORD });
    expect(reset.status).toBe(200);
    expect((await verify('link', browser, link.body)).body).toMatchObject(INVALID);
    expect((await verify('code', browser, code.body)).body).toMatchObject(INVALID);
  });
});

test('only the ways that the option names exist', async () => {
  for (const [login, exists] of [
    [false, []],
    ['link', ['link']],
    [['code'], ['code']],
  ] as const) {
    const email = emailApp({ account: { login } });
    for (const way of ['link', 'code'] as const) {
      const answer = await email.client().post(`/auth/login/${way}`).send({ username: ANN });
      expect(answer.status).toBe((exists as readonly string[]).includes(way) ? 202 : 404);
    }
    await email.auth.close();
  }
});

test('beyond the limits of mails nothing is sent, the answer is the same, and the mails before stay good', async () => {
  const users = new MemoryUserStore();
  await users.create({ username: ANN, passwordHash: null });
  const stores = { users, refreshTokens: new MemoryRefreshTokenStore() };
  const email = emailApp({ stores, account: { login: 'link', limits: { mailbox: 1, address: false } } });
  const ask = (browser: Browser) => browser.post('/auth/login/link').send({ username: ANN });
  const browser = email.browser();
  expect((await ask(browser)).status).toBe(202);
  const token = tokenOf(await email.mailTo(ANN, 'login-link'));
  expect((await ask(email.browser())).status).toBe(202);
  expect((await browser.post('/auth/login/link/verify').send({ token })).status).toBe(200);
  expect(email.mails).toEqual([]);
  await email.auth.close();
});

test.each([
  ['by default', {}, 5],
  ['with the limits of mails switched off', { mailbox: false, address: false } as const, 10],
])('%s an hour has few guesses for a mailbox, from wherever they come', async (_title, limits, codes) => {
  const users = new MemoryUserStore();
  await users.create({ username: ANN, passwordHash: null });
  let judged = 0;
  const refreshTokens = countingFinds(new MemoryRefreshTokenStore(), () => (judged += 1)).refreshTokens;
  const email = emailApp({ stores: { users, refreshTokens }, account: { login: 'code', limits } });
  email.app.set('trust proxy', true);
  const from = (index: number) => ({ 'X-Forwarded-For': `192.0.2.${index}` });
  const answers = new Set<string>();
  let [challenge, code]: [string, string | undefined] = ['', undefined];
  const ask = async (index: number, username: string) => {
    const body = { username, transport: 'body' };
    const answer = await email.client().post('/auth/login/code').set(from(index)).send(body);
    challenge = (answer.body as { challenge: string }).challenge;
    answers.add(JSON.stringify([answer.status, Object.keys(answer.body as object)]));
  };
  for (let index = 0; index < codes + 5; index += 1) {
    await ask(index, index % 2 ? ANN.toUpperCase() : ANN);
    if (index < codes) code = (await email.mailTo(ANN, 'login-code')).code;
    for (let guess = 0; guess < 5; guess += 1)
      await verifyCode(email, from(index), { challenge, code: wrongCode(code, guess) });
  }
  await ask(100, 'nobody@example.com');
  expect(email.mails).toEqual([]);
  expect(answers.size).toBe(1);
  await email.auth.close();
  expect(judged).toBe((codes + 5) * 3);
});

function verifyCode(email: EmailApp, headers: Record<string, string>, body: object) {
  return email.client().post('/auth/login/code/verify').set(headers).send(body);
}

test('a link and a code are good for ten minutes', async () => {
  let now = Date.now();
  const clock = () => now;
  const users = new MemoryUserStore({ clock });
  await users.create({ username: ANN, passwordHash: null });
  const stores = { users, refreshTokens: new MemoryRefreshTokenStore({ clock }) };
  const email = emailApp({ stores, account: { login: ['link', 'code'] }, auth: { clock } });
  for (const [seconds, status] of [
    [599, 200],
    [600, 401],
  ] as const)
    for (const way of ['link', 'code'] as const) {
      const browser = email.browser();
      await browser.post(`/auth/login/${way}`).send({ username: ANN });
      const mail = await email.mailTo(ANN, `login-${way}`);
      now += seconds * 1000;
      const body = way === 'link' ? { token: tokenOf(mail) } : { code: mail.code };
      expect([seconds, (await browser.post(`/auth/login/${way}/verify`).send(body)).status]).toEqual([
        seconds,
        status,
      ]);
    }
  await email.auth.close();
});

test('hostile bodies are 4xx that name the member', async () => {
  const email = emailApp({ account: { login: ['link', 'code'] } });
  const post = (path: string, body: object) => request(email.app).post(`/auth/login/${path}`).send(body);
  const cases: [path: string, body: object, named: string][] = [
    ['link', {}, 'username'],
    ['link', { username: ['a@b.example'] }, 'username'],
    ['link', { username: 'ann' }, 'username'],
    ['link', { username: 'a\u0000@b.example' }, 'username'],
    ['code', { username: `${'a'.repeat(300)}@b.example` }, 'username'],
    ['code', { username: ANN, remember: 'yes' }, 'remember'],
    ['code', { username: ANN, transport: 'pigeon' }, 'transport'],
    ['code', { username: ANN, password: 'x' }, 'password'],
    ['link/verify', {}, 'token'],
    ['link/verify', { token: 5 }, 'token'],
    ['link/verify', { token: 'x', challenge: {} }, 'challenge'],
    ['code/verify', { code: 123456 }, 'code'],
    ['code/verify', { code: ['123456'] }, 'code'],
    ['code/verify', { code: '123456', token: 'x' }, 'token'],
  ];
  for (const [path, body, named] of cases) {
    const answer = await post(path, body);
    expect([path, answer.status, answer.body]).toMatchObject([path, 400, { errors: [{ path: named }] }]);
  }
  for (const text of ['', '\u0000', '\ud800', 'x'.repeat(7000), "' OR 1=1"]) {
    const challenge = text;
    expect((await post('link/verify', { token: text, challenge })).status).toBe(401);
    expect((await post('code/verify', { code: text, challenge })).status).toBe(401);
  }
  expect((await post('link/verify', { token: 'x'.repeat(17_000) })).status).toBe(413);
  const form = await request(email.app).post('/auth/login/link').type('form').send({ username: ANN });
  expect(form.status).toBe(415);
  await eventually('no mail', () => Promise.resolve(email.mails.length === 0));
  await email.auth.close();
});

function wrongCode(right: string | undefined, index = 0): string {
  return String((Number(right) + 1 + index) % 1_000_000).padStart(6, '0');
}

/** The same store. Codes that are looked up are counted. */
function countingFinds(
  refreshTokens: FeatureStores['refreshTokens'],
  count: () => void,
): Pick<FeatureStores, 'refreshTokens'> {
  const tokens = refreshTokens.oneTimeTokens?.() as OneTimeTokenStore;
  const counting = withMember(tokens, 'find', (...args: Parameters<OneTimeTokenStore['find']>) => {
    count();
    return tokens.find(...args);
  });
  return { refreshTokens: withMember(refreshTokens, 'oneTimeTokens', () => counting) };
}

function withMember<Store extends object>(store: Store, name: keyof Store, value: unknown): Store {
  return new Proxy(store, {
    get(target, member) {
      if (member === name) return value;
      const own = Reflect.get(target, member, target) as unknown;
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}
