import { randomUUID } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { en } from '../../../src/messages/en';
import { ko } from '../../../src/messages/ko';
import { PASSWORD, setCookies } from '../../helpers/apps/app';
import {
  Authenticator,
  enrolIn,
  factorApp,
  refused,
  type Browser,
  type Enrolled,
  type FactorApp,
} from './factor-app';
import { FaultyStores } from './faulty-stores';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const DAY_MS = 24 * 60 * 60 * 1000;
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

interface Listed {
  devices: { id: string; current: boolean; name: string | null; createdAt: string; expiresAt: string }[];
}

describe.each(EACH_STORES)('trusted devices, on %s', (_name, open) => {
  let stores: OpenStores;
  let factor: FactorApp;
  let second: FactorApp;
  let ann: StoredUser;
  let enrolled: Enrolled;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    factor = factorApp({ stores });
    second = factorApp({ stores, clock: factor.clock });
    ann = await factor.createUser(`ann-${randomUUID()}`);
    enrolled = await factor.enrol(ann.username);
  });

  afterEach(() => Promise.all([factor.auth.close(), second.auth.close()]));

  /** Logs in with both steps, and trusts the browser. @returns the cookie of the device */
  const trust = async (browser: Browser): Promise<string> => {
    await factor.firstStep(browser, ann.username);
    const body = { code: enrolled.authenticator.nextCode(), trustDevice: true };
    const answer = await factor.secondStep(browser, body).set('User-Agent', CHROME);
    expect(answer.status).toBe(200);
    return `flowState.device=${setCookies(answer)['flowState.device']?.value ?? ''}`;
  };
  /** The status of a login with the password, in another process. */
  const logIn = async (cookie: string, username = ann.username, password = PASSWORD) =>
    (await second.client().post('/auth/login').set('Cookie', cookie).send({ username, password })).status;
  const list = async (browser: Browser) => (await browser.get('/auth/trusted-devices')).body as Listed;

  test('a device that the user trusts skips the second factor, and no other browser does', async () => {
    const browser = factor.browser();
    const cookie = await trust(browser);
    expect(await logIn(cookie)).toBe(200);
    expect(await logIn('')).toBe(401);
    const answer = await factor.firstStep(browser, ann.username);
    expect(answer.status).toBe(200);
    // A password is no second factor.
    expect((await browser.get('/auth/check')).body).not.toHaveProperty('user.amr');
    expect(factor.events).toContainEqual(
      expect.objectContaining({
        type: 'deviceTrusted',
        userId: ann.id,
        deviceId: (await list(browser)).devices[0]?.id,
      }),
    );
  });

  test('without the wish of the user no device is trusted', async () => {
    for (const trustDevice of [undefined, false]) {
      const browser = factor.browser();
      await factor.firstStep(browser, ann.username);
      const answer = await factor.secondStep(browser, {
        code: enrolled.authenticator.nextCode(),
        trustDevice,
      });
      expect([answer.status, setCookies(answer)['flowState.device']]).toEqual([200, undefined]);
      expect((await factor.firstStep(browser, ann.username)).status).toBe(401);
    }
  });

  test('a trusted device skips no password, and is trusted for its user only', async () => {
    const cookie = await trust(factor.browser());
    expect(await logIn(cookie, ann.username, 'wrong')).toBe(401);
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    await factor.enrol(bob.username);
    expect(await logIn(cookie, bob.username)).toBe(401);
    const credentials = stores.users.credentials?.();
    const [row] = (await credentials?.list(ann.id, 'trusted-device')) ?? [];
    const { createdAt: _now, ...copy } = row!;
    await credentials?.remove(ann.id, 'trusted-device', copy.id);
    expect(await credentials?.add({ ...copy, userId: bob.id })).toBe(true);
    expect(await logIn(cookie, bob.username)).toBe(401);
  });

  test('a login on a trusted device changes no factor', async () => {
    const browser = factor.browser();
    await trust(browser);
    await factor.firstStep(browser, ann.username);
    for (const request of [
      browser.post('/auth/factors/totp'),
      browser.post('/auth/factors/recovery-codes'),
      browser.delete(`/auth/factors/${enrolled.authenticator.id}`),
    ])
      expect((await request).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
  });

  test('the trust lasts thirty days from its beginning, however often the device is used', async () => {
    const cookie = await trust(factor.browser());
    for (const days of [10, 10, 9.9]) {
      factor.clock.forward(days * DAY_MS);
      expect(await logIn(cookie)).toBe(200);
    }
    factor.clock.forward(0.2 * DAY_MS);
    expect(await logIn(cookie)).toBe(401);
  });

  /** What is done, and the password afterwards where it is another one. */
  const ends: [string, (browser: Browser) => Promise<unknown>, string?][] = [
    [
      'a new password',
      async (browser) =>
        browser
          .post('/auth/password')
          .send({ currentPassword: PASSWORD, newPassword: 'quite another 8 words' }),
      'quite another 8 words',
    ],
    ['/logout-all', async (browser) => browser.post('/auth/logout-all')],
    ['DELETE /trusted-devices', async (browser) => browser.delete('/auth/trusted-devices')],
    [
      'DELETE /trusted-devices/:id',
      async (browser) =>
        browser.delete(`/auth/trusted-devices/${(await list(browser)).devices[0]?.id ?? ''}`),
    ],
    [
      'a disabled user',
      async () => {
        await (stores.users as MemoryUserStore).update(ann.id, { disabled: true });
        await (stores.users as MemoryUserStore).update(ann.id, { disabled: false });
      },
    ],
    [
      'a factor that is replaced',
      async (browser) => {
        const old = enrolled.authenticator.id;
        enrolled = { ...enrolled, ...(await enrolIn(browser, factor.clock)) };
        expect((await browser.delete(`/auth/factors/${old}`)).status).toBe(204);
      },
    ],
    [
      'a reset of all factors and the next enrolment',
      async () => {
        await stores.users.credentials?.().removeAll(ann.id, { kinds: ['totp', 'factors'] });
        enrolled = await factor.enrol(ann.username);
      },
    ],
  ];

  test.each(ends)('%s ends the trust in every process at once', async (...[, end, password = PASSWORD]) => {
    const browser = factor.browser();
    const cookie = await trust(browser);
    expect(await logIn(cookie)).toBe(200);
    await end(browser);
    expect(await logIn(cookie, ann.username, password)).toBe(401);
    expect(await logIn('', ann.username, password)).toBe(401);
  });

  test('a logout everywhere ends the trust also in a process that trusts no devices', async () => {
    const without = factorApp({ stores, clock: factor.clock, factor: { trustedDevices: false } });
    const browser = factor.browser();
    const cookie = await trust(browser);
    const asked = await without.client().post('/auth/login').set('Cookie', cookie).send({
      username: ann.username,
      password: PASSWORD,
    });
    expect(asked.status).toBe(401);
    expect(await logIn(cookie)).toBe(200);
    const own = without.browser();
    await without.firstStep(own, ann.username);
    expect((await without.secondStep(own, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
    expect((await own.post('/auth/logout-all')).status).toBe(200);
    expect(await logIn(cookie)).toBe(401);
    await without.auth.close();
  });

  test('another factor beside the first leaves the trust', async () => {
    const browser = factor.browser();
    const cookie = await trust(browser);
    await enrolIn(browser, factor.clock);
    expect(await logIn(cookie)).toBe(200);
  });

  test('the list shows the devices by name, and which one asks', async () => {
    const [one, two] = [factor.browser(), factor.browser()];
    await trust(one);
    await trust(two);
    const { devices } = await list(one);
    expect(devices).toEqual(
      [true, false].map((current) => ({
        id: expect.stringMatching(/^[\w-]{43}$/) as string,
        current,
        name: 'Chrome 142, Windows',
        createdAt: expect.any(String) as string,
        expiresAt: expect.any(String) as string,
      })),
    );
    const ended = await one.delete(`/auth/trusted-devices/${devices[1]?.id ?? ''}`);
    expect([ended.status, setCookies(ended)]).toEqual([204, {}]);
    const own = await one.delete(`/auth/trusted-devices/${devices[0]?.id ?? ''}`);
    expect([own.status, setCookies(own)['flowState.device']?.value]).toEqual([204, '']);
    expect(await list(one)).toEqual({ devices: [] });
    expect((await factor.firstStep(two, ann.username)).status).toBe(401);
  });

  test('all devices end at once, and their number is answered', async () => {
    const browser = factor.browser();
    await trust(browser);
    await trust(factor.browser());
    factor.events.length = 0;
    expect((await browser.delete('/auth/trusted-devices')).body).toEqual({ ended: 2 });
    expect(factor.events).toMatchObject([{ type: 'deviceEnded', userId: ann.id, deviceIds: [{}, {}] }]);
    expect((await browser.delete('/auth/trusted-devices')).body).toEqual({ ended: 0 });
  });

  test.each(['unknown', 'x'.repeat(43), '%00', '%ff'])('the device %s is unknown', async (id) => {
    const answer = await enrolled.browser.delete(`/auth/trusted-devices/${id}`);
    expect([answer.status, answer.body]).toEqual([404, refused('DEVICE_NOT_FOUND')]);
  });

  test("another user's device is unknown, and stays", async () => {
    const browser = factor.browser();
    const cookie = await trust(browser);
    const { devices } = await list(browser);
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const ofBob = factor.browser();
    await factor.firstStep(ofBob, bob.username);
    expect((await ofBob.delete(`/auth/trusted-devices/${devices[0]?.id ?? ''}`)).status).toBe(404);
    expect(await logIn(cookie)).toBe(200);
  });

  test('a user has at most twenty trusted devices, and the oldest end', async () => {
    const credentials = stores.users.credentials?.();
    const cookie = await trust(factor.browser());
    const [row] = (await credentials?.list(ann.id, 'trusted-device')) ?? [];
    const { data = '' } = row ?? {};
    for (let n = 0; n < 19; n += 1)
      await credentials?.add({ userId: ann.id, kind: 'trusted-device', id: `${n}-${randomUUID()}`, data });
    expect(await logIn(cookie)).toBe(200);
    await trust(factor.browser());
    expect(await logIn(cookie)).toBe(401);
    expect(await credentials?.list(ann.id, 'trusted-device')).toHaveLength(20);
  });

  test('clients without cookies are asked each time', async () => {
    const login = (cookie = '') =>
      factor
        .client()
        .post('/auth/login')
        .set('Cookie', cookie)
        .send({ username: ann.username, password: PASSWORD, transport: 'body' });
    const { challenge } = (await login()).body as { challenge: string };
    const body = { challenge, code: enrolled.authenticator.nextCode() };
    for (const language of ['en', 'ko'] as const) {
      const refusal = await factor
        .client()
        .post('/auth/login/second-factor')
        .set('Accept-Language', language)
        .send({ ...body, trustDevice: true });
      expect([refusal.status, refusal.body]).toMatchObject([
        400,
        {
          code: 'VALIDATION_FAILED',
          errors: [{ path: 'trustDevice', message: { en, ko }[language].mustHaveCookies }],
        },
      ]);
    }
    const answer = await factor
      .client()
      .post('/auth/login/second-factor')
      .send({ ...body, trustDevice: false });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined]);
    const cookie = await trust(factor.browser());
    expect((await login(cookie)).status).toBe(401);
  });
});

test('the cookie of a device is bound to its host, whatever the other cookies are', async () => {
  const factor = factorApp({ auth: { cookies: { secure: true, domain: 'example.com', path: '/auth' } } });
  await factor.createUser('ann');
  // A client without a cookie jar: the cookies of this app are for TLS only.
  const post = (path: string, cookie: string, body: object) =>
    factor.client().post(`/auth${path}`).set('Cookie', cookie).send(body);
  const cookiesOf = (answer: { headers: object }) =>
    Object.entries(setCookies(answer))
      .map(([key, { value }]) => `${key}=${value}`)
      .join('; ');
  const login = { username: 'ann', password: PASSWORD };
  const session = cookiesOf(await post('/login', '', login));
  const started = await post('/factors/totp', session, {});
  const authenticator = new Authenticator(started.body as { id: string; uri: string }, factor.clock);
  await post('/factors/totp/confirm', session, { id: authenticator.id, code: authenticator.code() });
  const halfway = cookiesOf(await post('/login', '', login));
  const answer = await post('/login/second-factor', halfway, {
    code: authenticator.nextCode(),
    trustDevice: true,
  });
  const line = (answer.headers['set-cookie'] as unknown as string[]).find((each) =>
    each.startsWith('__Host-'),
  );
  expect(line).toMatch(
    /^__Host-flowState\.device=[\w-]{32}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  const [pair = ''] = (line ?? '').split(';');
  expect((await post('/login', pair, login)).status).toBe(200);
  expect((await post('/login', pair.replace('__Host-', ''), login)).status).toBe(401);
  await factor.auth.close();
});

test('where no device is to be trusted, the wish is refused by name, and there is no list', async () => {
  const factor = factorApp({ factor: { trustedDevices: false } });
  await factor.createUser('ann');
  const { authenticator, browser } = await factor.enrol('ann');
  const other = factor.browser();
  await factor.firstStep(other, 'ann');
  const answer = await factor.secondStep(other, { code: authenticator.nextCode(), trustDevice: true });
  expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ path: 'trustDevice' }] }]);
  expect(factor.auth.openapi().paths).not.toHaveProperty('/trusted-devices');
  expect((await browser.get('/trusted-devices')).status).toBe(404);
  await factor.auth.close();
});

test('an outage while a device is being trusted leaves challenge and code usable', async () => {
  const faulty = new FaultyStores({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
  });
  const factor = factorApp({ stores: faulty.stores });
  await factor.createUser('ann');
  const { authenticator } = await factor.enrol('ann');
  let trusted = false;
  for (let at = 0; at < 40 && !trusted; at += 1) {
    const browser = factor.browser();
    await factor.firstStep(browser, 'ann');
    const body = { code: authenticator.nextCode(), trustDevice: true };
    faulty.failAt(at, 'before');
    const first = await factor.secondStep(browser, body);
    const isStored =
      faulty.calls.indexOf('sessions.create') !== -1 && faulty.calls.indexOf('sessions.create') < at;
    trusted = first.status === 200 && faulty.calls.length <= at;
    faulty.heal();
    if (first.status === 200) continue;
    expect([first.status, setCookies(first)]).toEqual([503, {}]);
    const again = await factor.secondStep(browser, body);
    if (!isStored) expect(again.status).toBe(200);
  }
  expect(trusted).toBe(true);
  await factor.auth.close();
});

test('a login that trusts its device in the middle of POST /logout-all is trusted no more', async () => {
  const faulty = new FaultyStores({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
  });
  const factor = factorApp({ stores: faulty.stores });
  await factor.createUser('ann');
  const { authenticator, browser } = await factor.enrol('ann');
  const other = factor.browser();
  await factor.firstStep(other, 'ann');
  const trusting = { code: authenticator.nextCode(), trustDevice: true };
  faulty.before('sessions.revokeAll', async () =>
    expect((await factor.secondStep(other, trusting)).status).toBe(200),
  );
  expect((await browser.post('/auth/logout-all')).body).toMatchObject({ ended: 2 });
  expect((await factor.firstStep(other, 'ann')).body).toMatchObject(refused('SECOND_FACTOR_REQUIRED'));
  await factor.auth.close();
});

test('POST /logout-all ends the other sessions while devices can not end, and the same call again finishes', async () => {
  const users = new MemoryUserStore();
  const faulty = new FaultyStores({ users, refreshTokens: new MemoryRefreshTokenStore() });
  const factor = factorApp({ stores: faulty.stores });
  const ann = await factor.createUser('ann');
  const { authenticator, browser: other } = await factor.enrol('ann');
  const browser = factor.browser();
  await factor.firstStep(browser, 'ann');
  const trusting = { code: authenticator.nextCode(), trustDevice: true };
  expect((await factor.secondStep(browser, trusting)).status).toBe(200);
  const own = (await browser.get('/auth/check')).body as { user: { sessionId: string } };
  factor.events.length = 0;
  faulty.failAt(0, 'before');
  const down = await browser.post('/auth/logout-all');
  expect([faulty.calls[0], down.status, setCookies(down)]).toEqual(['credentials.removeAll', 503, {}]);
  faulty.heal();
  expect((await other.get('/auth/check')).status).toBe(401);
  expect((await other.post('/auth/refresh')).status).toBe(401);
  expect((await factor.auth.sessions.list(ann.id)).map(({ sessionId }) => sessionId)).toEqual([
    own.user.sessionId,
  ]);
  expect(factor.events).toContainEqual(expect.objectContaining({ type: 'revoked', reason: 'logout-all' }));
  expect((await browser.post('/auth/logout-all')).body).toMatchObject({ ended: 1 });
  expect(await factor.auth.sessions.list(ann.id)).toEqual([]);
  expect((await users.credentials().list(ann.id)).filter(({ kind }) => kind === 'trusted-device')).toEqual(
    [],
  );
  await factor.auth.close();
});
