import { RedisRefreshTokenStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';
import { realStores } from '../../helpers/apps/feature-stores';

const [A, B, C, D] = ['a@example.com', 'b@example.com', 'c@example.com', 'd@example.com'];
const PATHS = {
  verify: '/email/verify',
  reset: '/password/reset',
  confirm: '/email/change/confirm',
  undo: '/email/change/undo',
  link: '/login/link/verify',
} as const;
type Purpose = keyof typeof PATHS;
const PURPOSES = Object.keys(PATHS) as Purpose[];

let stores: Awaited<ReturnType<typeof realStores>>;
let email: EmailApp;
let browser: ReturnType<EmailApp['browser']>;
let tokens: Record<Purpose, string>;
/** Of the browser, for requests at once. */
const cookies = new Set<string>();
const said: string[] = [];
const secrets = new Set<string>([PASSWORD, NEW_PASSWORD]);

const FORGED = {
  Host: 'evil.example',
  'X-Forwarded-Host': 'evil.example',
  Forwarded: 'host=evil.example',
  'X-Forwarded-Proto': 'http',
  Referer: 'https://evil.example/',
};

/** One good token of each purpose, all of one user but that of the registration, asked for with forged headers. */
beforeAll(async () => {
  stores = await realStores();
  email = emailApp({
    stores,
    account: { login: ['link', 'code'] },
    auth: { audit: (record) => void said.push(JSON.stringify(record)) },
  });
  browser = email.browser();
  await stores.users.create({ username: A, passwordHash: await email.auth.passwords.hash(PASSWORD) });
  const post = async (path: string, body: object) => {
    const answer = await browser.post(`/auth${path}`).set(FORGED).send(body);
    for (const each of answer.get('Set-Cookie') ?? []) cookies.add(each.split(';')[0] as string);
  };
  const take = async (to: string, kind: Parameters<EmailApp['mailTo']>[1]) => {
    const mail = await email.mailTo(to, kind);
    expect(mail.url).toMatch(/^https:\/\/app\.example\.com\/[a-z-]+#token=/);
    expect(JSON.stringify(mail)).not.toContain('evil.example');
    secrets.add(tokenOf(mail));
    return tokenOf(mail);
  };
  await post('/login', { username: A, password: PASSWORD });
  await post('/email/change', { username: B });
  await post('/email/change/confirm', { token: await take(B, 'email-change') });
  const undo = await take(A, 'email-changed');
  await post('/register', { username: D, password: PASSWORD });
  await post('/password/forgot', { username: B });
  await post('/email/change', { username: C });
  await post('/login/link', { username: B });
  tokens = {
    verify: await take(D, 'verify'),
    reset: await take(B, 'reset'),
    confirm: await take(C, 'email-change'),
    undo,
    link: await take(B, 'login-link'),
  };
});

afterAll(async () => {
  await email.auth.close();
  await stores.close();
});

const bodyOf = (purpose: Purpose, token: string) =>
  purpose === 'reset' ? { token, newPassword: NEW_PASSWORD } : { token };
const use = (purpose: Purpose, token: string, app = email) =>
  (app === email ? browser : app.client()).post(`/auth${PATHS[purpose]}`).send(bodyOf(purpose, token));

test('a scanner that sends GET, HEAD, PUT or OPTIONS with a token, or a POST without a body, uses nothing up', async () => {
  for (const purpose of PURPOSES)
    for (const method of ['get', 'head', 'put', 'options', 'post'] as const) {
      const path = `/auth${PATHS[purpose]}?token=${tokens[purpose]}&newPassword=${NEW_PASSWORD}`;
      const { status } = await browser[method](path);
      expect([purpose, method, method === 'options' || status >= 400]).toEqual([purpose, method, true]);
    }
});

test('a token of one purpose is good for no other, whatever else is sent with it', async () => {
  for (const purpose of PURPOSES)
    for (const other of PURPOSES) {
      if (other === purpose) continue;
      const { body } = await use(other, tokens[purpose]);
      expect([purpose, other, body]).toMatchObject([purpose, other, { code: 'ONE_TIME_TOKEN_INVALID' }]);
    }
});

test('an app with another prefix in the same Redis takes none of the tokens', async () => {
  const redis = connectRedis();
  const refreshTokens = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const other = emailApp({ stores: { users: stores.users, refreshTokens }, account: { login: 'link' } });
  for (const purpose of PURPOSES)
    expect((await use(purpose, tokens[purpose], other)).body).toMatchObject({
      code: purpose === 'confirm' ? 'NO_ACCESS_TOKEN' : 'ONE_TIME_TOKEN_INVALID',
    });
  await other.auth.close();
  redis.disconnect();
});

// After the refusals above, each is still good.
test.each(['link', 'verify', 'reset', 'undo'] as const)(
  'of 100 uses of the token of %s at once, over two apps, one does its work',
  async (purpose) => {
    const other = emailApp({ stores, account: { login: ['link', 'code'] } });
    const events = {
      link: 'login',
      verify: 'emailVerified',
      reset: 'passwordReset',
      undo: 'emailChangeUndone',
    } as const;
    const counted = jest.fn();
    for (const each of [email, other]) each.auth.events.on(events[purpose], counted);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 ? email : other)
          .client()
          .post(`/auth${PATHS[purpose]}`)
          .set('Cookie', [...cookies].join('; '))
          .send(bodyOf(purpose, tokens[purpose])),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(counted).toHaveBeenCalled();
    // Of the same reset twice at once, the one that sets the password and the one that takes the token may both tell the user.
    expect(counted.mock.calls.length).toBeLessThanOrEqual(purpose === 'reset' ? 2 : 1);
    expect((await use(purpose, tokens[purpose])).status).toBe(401);
    await other.auth.close();
  },
);

test('no record of the audit log has a token, a password or a secret of the browser', () => {
  expect(said.length).toBeGreaterThan(20);
  const all = said.join('\n');
  for (const cookie of cookies) secrets.add(cookie.split('=')[1] as string);
  for (const secret of secrets) expect(all).not.toContain(secret);
});
