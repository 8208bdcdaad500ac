import { randomUUID } from 'node:crypto';
import { type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import {
  Authenticator,
  enrolIn,
  factorApp,
  FACTOR_KEY,
  refused,
  type Browser,
  type FactorApp,
} from './factor-app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { FaultyStores } from './faulty-stores';

const INVALID = [401, refused('INVALID_SECOND_FACTOR')];
const STALE = [401, refused('REAUTHENTICATION_REQUIRED')];
const NOT_FOUND = [404, refused('FACTOR_NOT_FOUND')];

describe.each(EACH_STORES)('the second factors of a user, on %s', (_name, open) => {
  let stores: OpenStores;
  let factor: FactorApp;
  let ann: StoredUser;
  let browser: Browser;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    factor = factorApp({ stores });
    ann = await factor.createUser(`ann-${randomUUID()}`);
    browser = await loggedIn();
  });

  afterEach(() => factor.auth.close());

  const loggedIn = async () => {
    const agent = factor.browser();
    expect((await factor.firstStep(agent, ann.username)).status).toBe(200);
    return agent;
  };
  const loggedInBy = async (authenticator: Authenticator) => {
    const agent = factor.browser();
    await factor.firstStep(agent, ann.username);
    expect((await factor.secondStep(agent, { code: authenticator.nextCode() })).status).toBe(200);
    return agent;
  };
  const list = async () =>
    (await browser.get('/auth/factors')).body as { factors: { id: string; name: string }[] };
  const start = async (agent = browser) => {
    const answer = await agent.post('/auth/factors/totp');
    expect(answer.status).toBe(201);
    return new Authenticator(answer.body as { id: string; uri: string }, factor.clock);
  };
  const confirm = (body: object, agent = browser) => agent.post('/auth/factors/totp/confirm').send(body);
  const statusAndBody = ({ status, body }: { status: number; body: unknown }) => [status, body];

  test('an enrolment shows what the app needs, and changes nothing until a code confirms it', async () => {
    const answer = await browser.post('/auth/factors/totp');
    const { id, secret, uri } = answer.body as Record<string, string>;
    expect(id).toMatch(/^[\w-]{22}$/);
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(uri).toBe(
      `otpauth://totp/App:${ann.username}?secret=${secret}&issuer=App&algorithm=SHA1&digits=6&period=30`,
    );
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await list()).toEqual({ factors: [], recoveryCodesLeft: 0 });
    await loggedIn();
  });

  test('the first confirmation gives ten recovery codes, and ends every other session', async () => {
    const other = await loggedIn();
    factor.events.length = 0;
    const { authenticator, recoveryCodes } = await enrolIn(browser, factor.clock, { name: '  My phone ' });
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^([A-Z2-7]{5}-){4}[A-Z2-7]{5}$/);
    expect(await list()).toEqual({
      factors: [
        {
          id: authenticator.id,
          kind: 'totp',
          name: 'My phone',
          createdAt: expect.any(String) as string,
          lastUsedAt: null,
        },
      ],
      recoveryCodesLeft: 10,
    });
    expect((await other.post('/auth/refresh')).status).toBe(401);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
    expect(factor.events).toMatchObject([
      { type: 'revoked', reason: 'factor-added', userId: ann.id },
      { type: 'factorAdded', userId: ann.id, kind: 'totp', factorId: authenticator.id },
      { type: 'refreshFailed' },
      { type: 'refresh' },
    ]);
  });

  test('the code of the enrolment logs no one in', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    const code = authenticator.code();
    const agent = factor.browser();
    await factor.firstStep(agent, ann.username);
    expect(statusAndBody(await factor.secondStep(agent, { code }))).toEqual(INVALID);
    expect((await factor.secondStep(agent, { code: authenticator.nextCode() })).status).toBe(200);
  });

  test('a wrong code, another id, another session and another user confirm nothing', async () => {
    const authenticator = await start();
    const { id } = authenticator;
    expect(statusAndBody(await confirm({ id, code: authenticator.wrongCode() }))).toEqual(INVALID);
    expect(statusAndBody(await confirm({ id: 'another', code: authenticator.code() }))).toEqual(INVALID);
    const other = await loggedIn();
    expect(statusAndBody(await confirm({ id, code: authenticator.code() }, other))).toEqual(INVALID);
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const ofBob = factor.browser();
    await factor.firstStep(ofBob, bob.username);
    expect(statusAndBody(await confirm({ id, code: authenticator.code() }, ofBob))).toEqual(INVALID);
    expect((await confirm({ id, code: authenticator.code() })).status).toBe(200);
    expect(statusAndBody(await confirm({ id, code: authenticator.code() }))).toEqual(INVALID);
  });

  test('of two enrolments of a session the newer one is good', async () => {
    const first = await start();
    const second = await start();
    expect(statusAndBody(await confirm({ id: first.id, code: first.code() }))).toEqual(INVALID);
    expect((await confirm({ id: second.id, code: second.code() })).status).toBe(200);
  });

  test('a new password ends an enrolment', async () => {
    const authenticator = await start();
    const change = { currentPassword: PASSWORD, newPassword: 'quite another 8 words' };
    expect((await browser.post('/auth/password').send(change)).status).toBe(200);
    expect(statusAndBody(await confirm({ id: authenticator.id, code: authenticator.code() }))).toEqual(
      INVALID,
    );
    expect(await list()).toMatchObject({ factors: [] });
  });

  test('a new factor is announced although the session begins another enrolment while it is confirmed', async () => {
    const faulty = new FaultyStores(stores);
    const slow = factorApp({ stores: faulty.stores });
    const agent = slow.browser();
    await slow.firstStep(agent, ann.username);
    const authenticator = await start(agent);
    faulty.before('credentials.add', () => start(agent));
    expect((await confirm({ id: authenticator.id, code: authenticator.code() }, agent)).status).toBe(200);
    expect(slow.events).toContainEqual(
      expect.objectContaining({ type: 'factorAdded', factorId: authenticator.id }),
    );
    await slow.auth.close();
  });

  test('parallel confirmations of one enrolment make one factor, and one gets the recovery codes', async () => {
    const authenticator = await start();
    const body = { id: authenticator.id, code: authenticator.code() };
    factor.events.length = 0;
    const answers = await Promise.all(Array.from({ length: 12 }, () => confirm(body)));
    expect(answers.filter(({ body: { recoveryCodes } }) => recoveryCodes !== undefined)).toHaveLength(1);
    for (const { status } of answers) expect([200, 401]).toContain(status);
    expect(await list()).toMatchObject({ factors: [{ id: authenticator.id }], recoveryCodesLeft: 10 });
    expect(factor.events.filter(({ type }) => type === 'factorAdded')).toHaveLength(1);
    const [recoveryCode] = answers.flatMap(
      ({ body }) => (body as { recoveryCodes?: string[] }).recoveryCodes ?? [],
    );
    const agent = factor.browser();
    await factor.firstStep(agent, ann.username);
    expect((await factor.secondStep(agent, { recoveryCode })).status).toBe(200);
  });

  test('of password logins that enrol a factor each at the same moment, at most one does', async () => {
    const agents = await Promise.all(Array.from({ length: 6 }, loggedIn));
    const apps = await Promise.all(agents.map((agent) => start(agent)));
    const answers = await Promise.all(
      apps.map((app, n) => confirm({ id: app.id, code: app.code() }, agents[n])),
    );
    const confirmed = apps.filter((_app, n) => answers[n]?.status === 200);
    expect(confirmed.length).toBeLessThanOrEqual(1);
    const stored = await stores.users.credentials?.().list(ann.id, 'totp');
    expect(stored?.map(({ id }) => id)).toEqual(confirmed.map(({ id }) => id));
  });

  test('a password alone changes no factor of a user who has one', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    // This session is from before the factor, and young enough.
    for (const request of [
      browser.post('/auth/factors/totp'),
      confirm({ id: 'any', code: '123456' }),
      browser.post('/auth/factors/recovery-codes'),
      browser.delete(`/auth/factors/${authenticator.id}`),
    ])
      expect(statusAndBody(await request)).toEqual(STALE);
    expect(await list()).toMatchObject({ factors: [{ id: authenticator.id }], recoveryCodesLeft: 10 });
  });

  test('a login of more than five minutes ago changes no factor', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    factor.clock.forward(5 * 60_000);
    for (const request of [
      browser.post('/auth/factors/totp'),
      browser.post('/auth/factors/recovery-codes'),
      browser.delete(`/auth/factors/${authenticator.id}`),
    ])
      expect(statusAndBody(await request)).toEqual(STALE);
    expect((await browser.get('/auth/factors')).status).toBe(200);
  });

  test('a second factor of the same kind gives no new recovery codes, and each of them logs in', async () => {
    const { authenticator: phone } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(phone);
    const { authenticator: tablet, recoveryCodes } = await enrolIn(browser, factor.clock, { name: 'Tablet' });
    expect(recoveryCodes).toEqual([]);
    const { factors } = await list();
    expect(factors.map(({ id, name: called }) => [id, called])).toEqual([
      [phone.id, null],
      [tablet.id, 'Tablet'],
    ]);
    await loggedInBy(tablet);
    await loggedInBy(phone);
  });

  test('a factor that is removed is asked for no more, and ends every other session', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    const other = await loggedInBy(authenticator);
    const pending = factor.browser();
    await factor.firstStep(pending, ann.username);
    factor.events.length = 0;
    expect((await browser.delete(`/auth/factors/${authenticator.id}`)).status).toBe(204);
    expect(factor.events).toMatchObject([
      { type: 'revoked', reason: 'factor-removed' },
      { type: 'factorRemoved', userId: ann.id, kind: 'totp', factorId: authenticator.id },
    ]);
    expect((await other.post('/auth/refresh')).status).toBe(401);
    expect(await list()).toEqual({ factors: [], recoveryCodesLeft: 0 });
    expect(statusAndBody(await factor.secondStep(pending, { code: authenticator.nextCode() }))).toEqual(
      INVALID,
    );
    await loggedIn();
    expect(statusAndBody(await browser.delete(`/auth/factors/${authenticator.id}`))).toEqual(NOT_FOUND);
    // The next first factor comes with new codes.
    expect((await enrolIn(browser, factor.clock)).recoveryCodes).toHaveLength(10);
  });

  test('a login by a factor that is removed before its session is stored begins no session', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    const agent = factor.browser();
    await factor.firstStep(agent, ann.username);
    const create = jest.spyOn(stores.refreshTokens, 'create');
    const original = stores.refreshTokens.create.bind(stores.refreshTokens);
    create.mockImplementationOnce(async (session, options) => {
      expect((await browser.delete(`/auth/factors/${authenticator.id}`)).status).toBe(204);
      create.mockRestore();
      return original(session, options);
    });
    expect((await factor.secondStep(agent, { code: authenticator.nextCode() })).body).toEqual(
      refused('FLOW_STATE_INVALID'),
    );
    expect((await agent.get('/auth/check')).status).toBe(401);
  });

  test.each(['unknown', 'x'.repeat(22), '%00', 'a%0ab', '%ff'])('the factor %s is unknown', async (id) => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    expect(statusAndBody(await browser.delete(`/auth/factors/${id}`))).toEqual(NOT_FOUND);
  });

  test("another user's factor is unknown, and stays", async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const ofBob = await factor.enrol(bob.username);
    browser = await loggedInBy(authenticator);
    expect(statusAndBody(await browser.delete(`/auth/factors/${ofBob.authenticator.id}`))).toEqual(NOT_FOUND);
    const left = await ofBob.browser.get('/auth/factors');
    expect(left.body).toMatchObject({ factors: [{ id: ofBob.authenticator.id }] });
  });

  test('new recovery codes end the old ones', async () => {
    const { authenticator, recoveryCodes } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    const answer = await browser.post('/auth/factors/recovery-codes');
    const renewed = (answer.body as { recoveryCodes: string[] }).recoveryCodes;
    expect([answer.status, renewed.length]).toEqual([200, 10]);
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'recoveryCodesRenewed', userId: ann.id }),
    );
    const agent = factor.browser();
    await factor.firstStep(agent, ann.username);
    expect(statusAndBody(await factor.secondStep(agent, { recoveryCode: recoveryCodes[0] }))).toEqual(
      INVALID,
    );
    expect((await factor.secondStep(agent, { recoveryCode: renewed[0] })).status).toBe(200);
  });

  test('a user without a factor has no recovery codes to renew', async () => {
    expect(statusAndBody(await browser.post('/auth/factors/recovery-codes'))).toEqual(NOT_FOUND);
    expect(await list()).toEqual({ factors: [], recoveryCodesLeft: 0 });
  });

  test('of parallel uses of one recovery code one is good, and all codes are good at once', async () => {
    const { recoveryCodes } = await enrolIn(browser, factor.clock);
    const agents = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const agent = factor.browser();
        await factor.firstStep(agent, ann.username);
        return agent;
      }),
    );
    const [first, ...others] = recoveryCodes;
    const same = await Promise.all(agents.map((agent) => factor.secondStep(agent, { recoveryCode: first })));
    expect(same.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(401)]);
    const losers = agents.filter((_agent, n) => same[n]?.status === 401);
    const all = await Promise.all(
      losers.map((agent, n) => factor.secondStep(agent, { recoveryCode: others[n] })),
    );
    expect(all.map(({ status }) => status)).toEqual(Array<number>(7).fill(200));
    expect((await browser.get('/auth/factors')).body).toMatchObject({ recoveryCodesLeft: 2 });
  });

  test('the store has neither a secret nor a recovery code that can be read', async () => {
    const started = await browser.post('/auth/factors/totp');
    const { id, uri, secret } = started.body as Record<'id' | 'uri' | 'secret', string>;
    const authenticator = new Authenticator({ id, uri }, factor.clock);
    const { recoveryCodes } = (await confirm({ id, code: authenticator.code() })).body as {
      recoveryCodes: string[];
    };
    const kept = JSON.stringify(await stores.users.credentials?.().list(ann.id));
    const bytes = Buffer.from(base32Bytes(secret));
    for (const encoded of [
      secret,
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ])
      expect(kept).not.toContain(encoded);
    for (const code of recoveryCodes)
      for (const text of [code, code.replaceAll('-', '')]) expect(kept).not.toContain(text);
  });

  test('a key list rotates: old secrets open, and each is sealed with the first key at its next use', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    const next = 'the-next-key-for-second-factors-98765';
    const logIn = async (key: string | readonly string[]) => {
      const app = factorApp({ stores, clock: factor.clock, factor: { key } });
      const agent = app.browser();
      await app.firstStep(agent, ann.username);
      const answer = await app.secondStep(agent, { code: authenticator.nextCode() });
      await app.auth.close();
      return statusAndBody(answer)[0];
    };
    expect(await logIn(next)).toBe(401);
    expect(await logIn([next, FACTOR_KEY])).toBe(200);
    expect(await logIn(next)).toBe(200);
    expect(await logIn(FACTOR_KEY)).toBe(401);
  });

  test('other digits and another period are for new factors, and the old ones go on as they are', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    const changed = factorApp({
      stores,
      clock: factor.clock,
      factor: { totp: { digits: 8, period: 60 }, recoveryCodes: 3 },
    });
    const agent = changed.browser();
    await changed.firstStep(agent, ann.username);
    expect((await changed.secondStep(agent, { code: authenticator.nextCode() })).status).toBe(200);
    const { authenticator: newer } = await enrolIn(agent, changed.clock);
    expect(newer.code()).toHaveLength(8);
    factor.clock.forward(60_000);
    await changed.firstStep(agent, ann.username);
    expect((await changed.secondStep(agent, { code: newer.code() })).status).toBe(200);
    const renewed = await agent.post('/auth/factors/recovery-codes');
    expect((renewed.body as { recoveryCodes: string[] }).recoveryCodes).toHaveLength(3);
    await changed.auth.close();
  });

  test('the list says when a factor was used last', async () => {
    const { authenticator } = await enrolIn(browser, factor.clock);
    browser = await loggedInBy(authenticator);
    const { factors } = (await browser.get('/auth/factors')).body as { factors: { lastUsedAt: string }[] };
    expect(Math.abs(Date.parse(factors[0]?.lastUsedAt ?? '') - factor.clock.now())).toBeLessThan(10_000);
  });

  test('without a login nothing of it is to be had', async () => {
    const stranger = factor.client();
    for (const request of [
      stranger.get('/auth/factors'),
      stranger.post('/auth/factors/totp'),
      stranger.post('/auth/factors/totp/confirm').send({ id: 'x', code: '123456' }),
      stranger.post('/auth/factors/recovery-codes'),
      stranger.delete('/auth/factors/x'),
    ])
      expect(statusAndBody(await request)).toEqual([401, refused('NO_ACCESS_TOKEN')]);
  });

  test.each([
    [{}, ['id', 'code']],
    [{ id: 5, code: '123456' }, ['id']],
    [{ id: 'x', code: '12' }, ['code']],
    [{ id: 'x', code: '123456', name: '' }, ['name']],
    [{ id: 'x', code: '123456', name: 'x'.repeat(65) }, ['name']],
    [{ id: 'x', code: '123456', name: 'a\u0007' }, ['name']],
    [{ id: 'x', code: '123456', label: 'phone' }, ['label']],
  ])('an enrolment refuses %j by name', async (body, paths) => {
    const answer = await confirm(body);
    expect(answer.status).toBe(400);
    expect((answer.body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(paths);
  });

  test('a request from another site changes nothing', async () => {
    const foreign = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
    for (const request of [
      browser.post('/auth/factors/totp'),
      browser.post('/auth/factors/recovery-codes'),
      browser.delete('/auth/factors/x'),
      browser.post('/auth/login/second-factor').send({ code: '123456' }),
    ])
      expect(statusAndBody(await request.set(foreign))).toEqual([403, refused('CROSS_SITE_REQUEST')]);
  });
});

function base32Bytes(text: string): number[] {
  const bits = Array.from(text, (letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  ).join('');
  return (bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2));
}

test('a user has at most ten second factors, also when several are enrolled at once', async () => {
  const factor = factorApp();
  await factor.createUser('ann');
  const { browser, authenticator } = await factor.enrol('ann');
  for (const name of ['2', '3', '4', '5', '6', '7', '8', '9']) {
    // Another app needs a login by a factor.
    if (name === '2') {
      await factor.firstStep(browser, 'ann');
      await factor.secondStep(browser, { code: authenticator.nextCode() });
    }
    await enrolIn(browser, factor.clock, { name });
  }
  const other = factor.browser();
  await factor.firstStep(other, 'ann');
  await factor.secondStep(other, { code: authenticator.nextCode() });
  const started = await Promise.all([browser, other].map((each) => each.post('/auth/factors/totp')));
  const confirmed = await Promise.all(
    [browser, other].map((each, at) => {
      const app = new Authenticator(started[at]?.body as { id: string; uri: string }, factor.clock);
      return each.post('/auth/factors/totp/confirm').send({ id: app.id, code: app.code() });
    }),
  );
  expect(confirmed.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  const count = async () =>
    ((await browser.get('/auth/factors')).body as { factors?: unknown[] }).factors?.length;
  // The confirmation has ended one of the sessions, so the list is that of a new one.
  await factor.firstStep(browser, 'ann');
  await factor.secondStep(browser, { code: authenticator.nextCode() });
  if ((await count()) === 9) await enrolIn(browser, factor.clock);
  expect(await count()).toBe(10);
  const answer = await browser.post('/auth/factors/totp');
  expect([answer.status, answer.body]).toEqual([409, refused('TOO_MANY_FACTORS')]);
  await factor.auth.close();
});
