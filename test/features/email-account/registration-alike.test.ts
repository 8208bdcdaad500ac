import type { Response } from 'supertest';
import { AuthError, type MemoryUserStore } from '../../../src/index';
import { PASSWORD, REFRESH_SECRET } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { emailApp, tokenOf, type EmailApp } from './email-app';
import { type FeatureStores, memoryStores } from '../../helpers/apps/feature-stores';

const ANN = 'ann@example.com';
const COOKIE = /^(flow\w*|[\w-]+)\.email=[\w-]{32}/;

let stores: FeatureStores;
let email: EmailApp;
const apps: EmailApp[] = [];

function newApp(settings: Parameters<typeof emailApp>[0] = {}): EmailApp {
  const app = emailApp({ stores, ...settings });
  apps.push(app);
  return app;
}

beforeEach(() => {
  stores = memoryStores();
  email = newApp();
});

afterEach(async () => {
  for (const { auth } of apps.splice(0)) await auth.close();
});

const send = (path: string, body: object, { client }: EmailApp = email, cookie = '') =>
  client().post(`/auth${path}`).set('Cookie', cookie).send(body);
const register = (username: string, app = email, cookie = '') =>
  send('/register', { username, password: PASSWORD }, app, cookie);

/** Everything that a client sees, but the time and a new secret. */
function seen({ status, headers, text }: Response) {
  const cookies = [headers['set-cookie'] ?? []].flat().map((each: string) => each.replace(COOKIE, 'secret'));
  return { status, text, headers: { ...headers, date: '', 'set-cookie': cookies } };
}

describe('the answer of POST /register', () => {
  test('is the same for new, taken, disabled and reserved addresses, and beyond the limit of mails', async () => {
    const taken = await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    const disabled = await stores.users.create({ username: 'off@example.com', passwordHash: null });
    await (stores.users as MemoryUserStore).update(disabled.id, { disabled: true });
    await reserve('was@example.com', taken.id);
    const limited = newApp({ account: { limits: { mailbox: 1, address: false } } });
    await register('often@example.com', limited);

    const answers = [
      await register(ANN),
      await register('taken@example.com'),
      await register('off@example.com'),
      await register('was@example.com'),
      await register('often@example.com', limited),
    ].map(seen);
    expect(answers[0]?.headers['set-cookie']).toEqual([
      expect.stringMatching(/^secret; Max-Age=86400; .*HttpOnly/),
    ]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);

    await email.mailTo(ANN, 'verify');
    expect((await email.mailTo('taken@example.com', 'already-registered')).userId).toBe(taken.id);
    await email.mailTo('was@example.com', 'already-registered');
    expect(email.mails).toEqual([]);
    await limited.mailTo('often@example.com', 'verify');
    expect(limited.mails).toEqual([]);
  });

  test('is the same for a browser that has registered before, which keeps its secret', async () => {
    await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    const [cookie] = (await register(ANN)).headers['set-cookie'] as unknown as [string];
    const pair = cookie.split(';')[0] as string;
    const answers = [
      await register('bob@example.com', email, pair),
      await register('taken@example.com', email, pair),
    ];
    for (const { headers, text } of answers) {
      expect(headers['set-cookie']).toEqual([cookie]);
      expect(text).toBe(answers[0]?.text);
    }
  });

  test('asks the stores the same, in the same order, for new, taken and reserved addresses', async () => {
    const owner = await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    await reserve('was@example.com', owner.id);
    const calls: string[] = [];
    const app = newApp({ stores: recording(stores, calls) });
    const asked = async (username: string) => {
      calls.length = 0;
      await register(username, app);
      return [...calls];
    };
    const forNew = await asked(ANN);
    expect(forNew).toEqual(['findByUsername', 'find', 'create', 'create']);
    expect(await asked('taken@example.com')).toEqual(forNew);
    expect(await asked('was@example.com')).toEqual(forNew);
  });

  test('counts new and taken addresses alike: after ten in an hour it is 429', async () => {
    await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    const app = newApp({ auth: { limits: { register: { attempts: 4 } } } });
    for (const name of [ANN, 'taken@example.com', 'bob@example.com', 'taken@example.com'])
      expect((await register(name, app)).status).toBe(202);
    for (const name of ['new@example.com', 'taken@example.com'])
      expectFailure(await register(name, app), 'TOO_MANY_ATTEMPTS');
  });

  test('POST /email/verify/resend is the same for a registration that waits, none, and a user', async () => {
    await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    const [cookie] = (await register(ANN)).headers['set-cookie'] as unknown as [string];
    const pair = cookie.split(';')[0] as string;
    const answers = [];
    for (const username of [ANN, 'no-one@example.com', 'taken@example.com'])
      answers.push(seen(await send('/email/verify/resend', { username }, email, pair)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ status: 202, headers: { 'set-cookie': [] } });
  });
});

describe('bad input', () => {
  const huge = 'x'.repeat(17_000);
  const texts = [5, null, true, ['a@example.com'], { a: 1 }, 'a\u0000b@example.com', '\ud800@example.com'];

  test.each([
    ...texts,
    'no-address',
    '',
    'a@b',
    'a b@example.com',
    'a,b@example.com',
    `${'x'.repeat(250)}@example.com`,
  ])('the username %j is refused by name', async (username) => {
    for (const path of ['/register', '/email/verify/resend']) {
      const body = path === '/register' ? { username, password: PASSWORD } : { username };
      expectFailure(await send(path, body), 'VALIDATION_FAILED', ['username']);
    }
    expect(email.mails).toEqual([]);
  });

  test.each<[string, object, string[]]>([
    ['/register', {}, ['username', 'password']],
    ['/register', { username: ANN, password: ['x'] }, ['password']],
    ['/register', { username: ANN, password: 'short' }, ['password']],
    ['/register', { username: 'longenough@example.com', password: 'LongEnough@example.com' }, ['password']],
    [
      '/register',
      { username: ANN, password: PASSWORD, transport: 'x', remember: 1 },
      ['transport', 'remember'],
    ],
    ['/register', { username: ANN, password: PASSWORD, roles: ['admin'] }, ['roles']],
    ['/email/verify', {}, ['token']],
    ['/email/verify', { token: ['x'] }, ['token']],
    ['/email/verify', { token: 5 }, ['token']],
    ['/email/verify', { token: 'x', password: '' }, ['password']],
    ['/email/verify', { token: 'x', password: { length: 9 } }, ['password']],
    ['/email/verify/resend', {}, ['username']],
  ])('%s refuses %j', async (path, body, members) => {
    expectFailure(await send(path, body), 'VALIDATION_FAILED', members);
  });

  test('a token of any text is 401', async () => {
    for (const token of ['', 'x', 'a\u0000b', '\ud800', 'x'.repeat(9000)])
      expectFailure(await send('/email/verify', { token }), 'ONE_TIME_TOKEN_INVALID');
  });

  test('a body that is too large, broken or of another type is refused', async () => {
    for (const path of ['/register', '/email/verify', '/email/verify/resend']) {
      expectFailure(await send(path, { username: huge }), 'PAYLOAD_TOO_LARGE');
      const raw = (type: string, text: string) =>
        email.client().post(`/auth${path}`).set('Content-Type', type).send(text);
      expectFailure(await raw('application/json', '{"username":'), 'MALFORMED_BODY');
      expect((await raw('text/plain', 'username=x')).status).toBe(415);
      expect((await raw('application/json', '[]')).status).toBe(400);
    }
  });

  test('a page of another site can neither register in this browser nor use a token in it', async () => {
    await register(ANN);
    const token = tokenOf(await email.mailTo(ANN, 'verify'));
    for (const [path, body] of [
      ['/register', { username: 'bob@example.com', password: PASSWORD }],
      ['/email/verify', { token, password: PASSWORD }],
    ] as const) {
      const answer = await email.client().post(`/auth${path}`).set('Sec-Fetch-Site', 'cross-site').send(body);
      expectFailure(answer, 'CROSS_SITE_REQUEST');
    }
    expect(email.mails).toEqual([]);
  });
});

describe('in an outage', () => {
  test.each(['find', 'create', 'take', 'findByUsername', 'createUser'])(
    'of %s, a verification spends nothing',
    async (method) => {
      const [cookie] = (await register(ANN)).headers['set-cookie'] as unknown as [string];
      const pair = cookie.split(';')[0] as string;
      const token = tokenOf(await email.mailTo(ANN, 'verify'));
      const broken = newApp({ stores: failing(stores, method) });
      const answer = await send('/email/verify', { token }, broken, pair);
      expectFailure(answer, 'SERVICE_UNAVAILABLE');
      expect(answer.headers['set-cookie']).toBeUndefined();
      expect((await send('/email/verify', { token }, email, pair)).status).toBe(200);
      const user = await stores.users.findByUsername(ANN);
      expect(await email.auth.sessions.list(user?.id as string)).toHaveLength(1);
    },
  );

  test('a registration and a resend are 503, for new and taken addresses', async () => {
    await stores.users.create({ username: 'taken@example.com', passwordHash: null });
    const broken = newApp({ stores: failing(stores, 'findByUsername') });
    for (const name of [ANN, 'taken@example.com']) {
      expectFailure(await register(name, broken), 'SERVICE_UNAVAILABLE');
      expectFailure(await send('/email/verify/resend', { username: name }, broken), 'SERVICE_UNAVAILABLE');
    }
    expect(broken.mails).toEqual([]);
  });
});

test('a registration that was sealed with a secret that is gone is answered as an unknown token', async () => {
  await register(ANN);
  const token = tokenOf(await email.mailTo(ANN, 'verify'));
  const rotated = newApp({
    auth: { refreshToken: { secret: 'another-refresh-secret-of-at-least-32-bytes' } },
  });
  const refused = await send('/email/verify', { token, password: PASSWORD }, rotated);
  expectFailure(refused, 'ONE_TIME_TOKEN_INVALID');
  const both = ['another-refresh-secret-of-at-least-32-bytes', REFRESH_SECRET];
  const rotating = newApp({ auth: { refreshToken: { secret: both } } });
  expect((await send('/email/verify', { token, password: PASSWORD }, rotating)).status).toBe(200);
});

test('an address that has been reserved meanwhile gets no account', async () => {
  const owner = await stores.users.create({ username: 'owner@example.com', passwordHash: null });
  await register(ANN);
  const token = tokenOf(await email.mailTo(ANN, 'verify'));
  await reserve(ANN, owner.id);
  expectFailure(await send('/email/verify', { token, password: PASSWORD }), 'ONE_TIME_TOKEN_INVALID');
  expect(await stores.users.findByUsername(ANN)).toBeUndefined();
});

test('where registration is switched off there is none, and no form goes round it', async () => {
  const closed = newApp({ auth: { register: false } });
  expect((await register(ANN, closed)).status).toBe(404);
  expect(() => closed.auth.register()).toThrow(
    /a feature brings its own registration, POST \/register: let a script/,
  );
  expect(() => email.auth.register()).toThrow(/post JSON there/);
});

async function reserve(address: string, userId: string): Promise<void> {
  const data = { until: new Date(Date.now() + 60_000).toISOString(), since: new Date().toISOString() };
  const credential = { userId, kind: 'former-address', id: address, data: JSON.stringify(data) };
  expect(await stores.users.credentials?.().add(credential)).toBe(true);
}

type Watch = (name: string, proceed: () => unknown) => unknown;

/** Both stores, and their parts, with each of their calls in the hands of `watch`. */
function watched(of: FeatureStores, watch: Watch): FeatureStores {
  const wrap = <Store extends object>(store: Store, prefix = ''): Store =>
    new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          const proceed = () => Reflect.apply(value, target, args) as unknown;
          if (name === 'oneTimeTokens' || name === 'credentials') return wrap(proceed() as object);
          if (name === 'attemptCounter' || name === 'onUserGone' || name === 'followRevocations')
            return proceed();
          return watch(prefix && name === 'create' ? `${prefix}` : String(name), proceed);
        };
      },
    });
  return { users: wrap(of.users, 'createUser'), refreshTokens: wrap(of.refreshTokens) };
}

function recording(of: FeatureStores, calls: string[]): FeatureStores {
  const known = ['find', 'findByUsername', 'create', 'createUser', 'take', 'removeAll', 'add'];
  return watched(of, (name, proceed) => {
    if (known.includes(name)) calls.push(name);
    return proceed();
  });
}

function failing(of: FeatureStores, method: string): FeatureStores {
  return watched(of, (name, proceed) =>
    name === method ? Promise.reject(new AuthError('SERVICE_UNAVAILABLE')) : proceed(),
  );
}
