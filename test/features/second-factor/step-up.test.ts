import { randomUUID } from 'node:crypto';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type AttemptCounter,
  type StoredUser,
} from '../../../src/index';
import { memoryCounter } from '../../../src/stores/attempt-counter';
import { ACCESS_SECRET, cookieHeader, PASSWORD, setCookies } from '../../helpers/apps/app';
import { decodeToken } from '../../helpers/tokens/tokens';
import { factorApp, refused, type Browser, type Enrolled, type FactorApp } from './factor-app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const WRONG_PASSWORD = refused('INVALID_CREDENTIALS');
const WRONG_CODE = refused('INVALID_SECOND_FACTOR');
const REAUTHENTICATED = { message: 'Reauthentication successful' };
const MINUTE = 60_000;

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

describe.each(EACH_STORES)('POST /reauthenticate, on %s', (name, open) => {
  let stores: OpenStores;
  let factor: FactorApp;
  let ann: StoredUser;
  let enrolled: Enrolled;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  beforeEach(async () => {
    factor = factorApp({ stores });
    ann = await factor.createUser(`ann-${randomUUID()}`);
    enrolled = await factor.enrol(ann.username);
  });

  afterEach(() => factor.auth.close());

  const reauthenticate = (client: Pick<Browser, 'post'>, body: object) =>
    client.post('/auth/reauthenticate').send(body);
  const userOf = async (browser: Pick<Browser, 'get'>) =>
    (
      (await browser.get('/auth/check')).body as {
        user: { amr: string[]; authTime: string; sessionId: string };
      }
    ).user;
  /** A browser that has logged in by both steps, some minutes ago. */
  const browserOfAnn = async (minutes = 10) => {
    const browser = factor.browser();
    await factor.firstStep(browser, ann.username);
    const code = enrolled.authenticator.nextCode();
    expect((await factor.secondStep(browser, { code })).status).toBe(200);
    factor.clock.forward(minutes * MINUTE);
    return browser;
  };
  /** The same without cookies. */
  const tokensOfAnn = async () => {
    const first = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
    const { challenge } = first.body as { challenge: string };
    const code = enrolled.authenticator.nextCode();
    const answer = await factor.secondStep(factor.client(), { code, challenge });
    expect(answer.status).toBe(200);
    return answer.body as Tokens;
  };
  const byTokens = ({ accessToken }: Tokens, body: object, key?: string) => {
    const request = factor
      .client()
      .post('/auth/reauthenticate')
      .set('Authorization', `Bearer ${accessToken}`);
    return (key === undefined ? request : request.set('Idempotency-Key', key)).send(body);
  };
  const refresh = ({ refreshToken }: Tokens) => factor.client().post('/auth/refresh').send({ refreshToken });

  test('a code makes the proof fresh in the same session, and only there', async () => {
    const browser = await browserOfAnn();
    const before = await userOf(browser);
    factor.events.length = 0;
    const code = enrolled.authenticator.nextCode();
    const answer = await reauthenticate(browser, { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    expect([answer.status, answer.body]).toEqual([200, REAUTHENTICATED]);
    expect(Object.keys(setCookies(answer)).sort()).toEqual(['accessToken', 'refreshToken']);
    const after = await userOf(browser);
    expect(after).toMatchObject({ sessionId: before.sessionId, amr: ['otp', 'mfa'] });
    expect(Math.abs(Date.parse(after.authTime) - factor.clock.now())).toBeLessThan(5000);
    expect(factor.events).toMatchObject([
      { type: 'reauthenticated', userId: ann.id, sessionId: before.sessionId, amr: ['otp', 'mfa'] },
    ]);
    // A refresh keeps both.
    factor.clock.forward(MINUTE);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
    expect(await userOf(browser)).toEqual(after);
    expect((await factor.auth.sessions.list(ann.id)).filter(({ sessionId }) => sessionId === after.sessionId)).toHaveLength(1); // prettier-ignore
  });

  test('a password keeps that the login had a second factor, and changes no factor by itself', async () => {
    const browser = await browserOfAnn();
    const stale = await browser.post('/auth/factors/recovery-codes');
    expect(stale.headers['www-authenticate']).toContain(', acr_values="mfa", max_age="300"');
    expect((await reauthenticate(browser, { password: PASSWORD })).body).toEqual(REAUTHENTICATED);
    expect((await userOf(browser)).amr).toEqual(['pwd', 'mfa']);
    const change = await browser.post('/auth/factors/recovery-codes');
    expect(change.body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    expect(change.headers['www-authenticate']).toContain(', acr_values="mfa", max_age="300"');
    const code = enrolled.authenticator.nextCode();
    expect((await reauthenticate(browser, { code })).status).toBe(200);
    expect((await browser.post('/auth/factors/recovery-codes')).status).toBe(200);
  });

  test('a recovery code will do, once', async () => {
    const [recoveryCode = ''] = enrolled.recoveryCodes;
    const browser = await browserOfAnn();
    expect((await reauthenticate(browser, { recoveryCode })).status).toBe(200);
    expect((await userOf(browser)).amr).toEqual(['rec', 'mfa']);
    expect((await reauthenticate(browser, { recoveryCode })).body).toEqual(WRONG_CODE);
    expect(factor.events.filter(({ type }) => type === 'recoveryCodeUsed')).toHaveLength(1);
  });

  test('a user without a second factor proves the password, which adds no mfa', async () => {
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const browser = factor.browser();
    await factor.firstStep(browser, bob.username);
    expect((await reauthenticate(browser, { code: '123456' })).body).toEqual(WRONG_CODE);
    expect((await reauthenticate(browser, { password: PASSWORD })).status).toBe(200);
    expect((await userOf(browser)).amr).toEqual(['pwd']);
  });

  const proofsOfPassword: [string, (browser: Browser) => PromiseLike<{ status: number }>][] = [
    ['POST /reauthenticate', (browser) => reauthenticate(browser, { password: PASSWORD })],
    [
      'POST /password',
      (browser) =>
        browser
          .post('/auth/password')
          .send({ currentPassword: PASSWORD, newPassword: 'quite another 8 words' }),
    ],
  ];

  test.each(proofsOfPassword)('after the last factor is gone, %s takes mfa away', async (_call, prove) => {
    const browser = await browserOfAnn();
    expect((await reauthenticate(browser, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
    expect((await browser.delete(`/auth/factors/${enrolled.authenticator.id}`)).status).toBe(204);
    factor.clock.forward(10 * MINUTE);
    expect((await prove(browser)).status).toBe(200);
    expect((await userOf(browser)).amr).toEqual(['pwd']);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
    expect((await userOf(browser)).amr).toEqual(['pwd']);
  });

  test('tokens that came in a header leave in the body, and never in a cookie', async () => {
    const tokens = await tokensOfAnn();
    const answer = await byTokens(tokens, { password: PASSWORD });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(answer.body).toMatchObject({ ...REAUTHENTICATED, tokenType: 'Bearer' });
    const raised = answer.body as Tokens;
    const [old, young] = [tokens, raised].map(({ accessToken }) => decodeToken(accessToken).payload);
    expect(young).toMatchObject({ sid: old?.['sid'], amr: ['pwd', 'mfa'] });
    expect((await refresh(raised)).status).toBe(200);
  });

  test('a refresh token that was copied before yields nothing, not even at once: the session ends', async () => {
    for (const refreshedBefore of [false, true]) {
      const tokens = await tokensOfAnn();
      const stolen = refreshedBefore ? ((await refresh(tokens)).body as Tokens) : tokens;
      const raised = (await byTokens(tokens, { password: PASSWORD })).body as Tokens;
      factor.events.length = 0;
      const thief = await refresh(stolen);
      expect([thief.status, thief.body]).toEqual([401, refused('REFRESH_TOKEN_REUSED')]);
      expect(factor.events.map(({ type }) => type)).toContain('reuse');
      expect((await refresh(raised)).status).toBe(401);
    }
  });

  test('of 100 requests with one code at once, one is answered', async () => {
    const tokens = await tokensOfAnn();
    const code = enrolled.authenticator.nextCode();
    const answers = await Promise.all(Array.from({ length: 100 }, () => byTokens(tokens, { code })));
    const right = answers.filter(({ status }) => status === 200);
    expect(right).toHaveLength(1);
    const others = new Set(
      answers.filter(({ status }) => status !== 200).map(({ body }) => (body as { code: string }).code),
    );
    // More than five at once have to wait.
    for (const code of others) expect(['INVALID_SECOND_FACTOR', 'TOO_MANY_ATTEMPTS']).toContain(code);
    expect((await refresh(right[0]?.body as Tokens)).status).toBe(200);
  });

  test('of two sessions that use one code at once, one is raised', async () => {
    const sessions = [await tokensOfAnn(), await tokensOfAnn()];
    const code = enrolled.authenticator.nextCode();
    const answers = await Promise.all(sessions.map((tokens) => byTokens(tokens, { code })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('a code that a login has used is no proof, nor the other way round', async () => {
    const browser = await browserOfAnn(0);
    const code = enrolled.authenticator.code();
    expect((await reauthenticate(browser, { code })).body).toEqual(WRONG_CODE);
    const next = enrolled.authenticator.nextCode();
    expect((await reauthenticate(browser, { code: next })).status).toBe(200);
    const other = factor.browser();
    await factor.firstStep(other, ann.username);
    expect((await factor.secondStep(other, { code: next })).body).toEqual(WRONG_CODE);
  });

  test.each(['password', 'code', 'recoveryCode'] as const)(
    'the same request with its Idempotency-Key gets the same tokens again, by %s',
    async (kind) => {
      const tokens = await tokensOfAnn();
      const body = {
        password: { password: PASSWORD },
        code: { code: enrolled.authenticator.nextCode() },
        recoveryCode: { recoveryCode: enrolled.recoveryCodes[0] },
      }[kind];
      const key = randomUUID();
      const answers = await Promise.all([1, 2, 3].map(() => byTokens(tokens, body, key)));
      factor.clock.forward(MINUTE);
      answers.push(await byTokens(tokens, body, key));
      const all = answers.map((answer) => [answer.status, (answer.body as Tokens).refreshToken]);
      for (const each of all) expect(each).toEqual([200, all[0]?.[1]]);
      expect(factor.events.filter(({ type }) => type === 'reauthenticated')).toHaveLength(1);
      // The next request is another one.
      if (kind !== 'password') expect((await byTokens(tokens, body, randomUUID())).body).toEqual(WRONG_CODE);
      const raised = answers[0]?.body as Tokens;
      expect((await refresh(raised)).status).toBe(200);
      // After a refresh the answer is used, so it isn't given again.
      if (kind !== 'password') expect((await byTokens(tokens, body, key)).body).toEqual(WRONG_CODE);
    },
  );

  test('the key of a request alone repeats nothing: another proof is judged', async () => {
    const tokens = await tokensOfAnn();
    const key = randomUUID();
    expect((await byTokens(tokens, { code: enrolled.authenticator.nextCode() }, key)).status).toBe(200);
    const wrong = enrolled.authenticator.wrongCode();
    expect((await byTokens(tokens, { code: wrong }, key)).body).toEqual(WRONG_CODE);
    expect((await byTokens(tokens, { password: 'not this one' }, key)).body).toEqual(WRONG_PASSWORD);
    const { body } = await byTokens(tokens, { password: PASSWORD }, key);
    expect(decodeToken((body as Tokens).accessToken).payload['amr']).toEqual(['pwd', 'mfa']);
    for (const bad of ['k'.repeat(129), 'a b'])
      expect((await byTokens(tokens, { password: PASSWORD }, bad)).body).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ path: 'Idempotency-Key' }],
      });
  });

  test('a wrong password changes nothing, is announced, and counts with those of POST /password', async () => {
    const tokens = await tokensOfAnn();
    factor.events.length = 0;
    for (let n = 0; n < 5; n += 1)
      expect((await byTokens(tokens, { password: `wrong ${n}` })).body).toEqual(WRONG_PASSWORD);
    expect(factor.events).toHaveLength(5);
    expect(factor.events[0]).toMatchObject({
      type: 'reauthenticateFailed',
      code: 'INVALID_CREDENTIALS',
      userId: ann.id,
    });
    const change = (currentPassword: string) =>
      factor
        .client()
        .post('/auth/password')
        .set('Authorization', `Bearer ${tokens.accessToken}`)
        .send({ currentPassword, newPassword: 'another long password' });
    for (let n = 0; n < 5; n += 1) expect((await change(`wrong ${n}`)).body).toEqual(WRONG_PASSWORD);
    await byTokens(tokens, { password: 'wrong' });
    const locked = await byTokens(tokens, { password: PASSWORD });
    expect([locked.status, locked.body]).toEqual([429, refused('TOO_MANY_ATTEMPTS')]);
    expect((await refresh(tokens)).status).toBe(200);
  });

  test('wrong codes in a stolen session make it wait, and neither the login nor another session', async () => {
    const code = enrolled.authenticator.wrongCode();
    /** A session that has used up its tries. */
    const spent = async () => {
      const tokens = await tokensOfAnn();
      for (let n = 0; n < 5; n += 1) expect((await byTokens(tokens, { code })).body).toEqual(WRONG_CODE);
      expect((await byTokens(tokens, { code })).status).toBe(429);
    };
    const own = await tokensOfAnn();
    // Ten in a row would make the second step of a login wait.
    for (let sessions = 0; sessions < 3; sessions += 1) await spent();
    expect((await byTokens(own, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
    // Who begins session after session has got past the login, and comes to an end too.
    for (let sessions = 0; sessions < 4; sessions += 1) await spent().catch(() => undefined);
    const waiting = await byTokens(await tokensOfAnn(), { code: enrolled.authenticator.nextCode() });
    expect(waiting.body).toEqual(refused('TOO_MANY_ATTEMPTS'));
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'locked', limit: 'step-up-user', userId: ann.id }),
    );
    expect(factor.events).not.toContainEqual(expect.objectContaining({ limit: 'second-factor-user' }));
    await browserOfAnn();
  });

  test('a session has five tries of codes, in all processes, and then has to wait', async () => {
    const tokens = await tokensOfAnn();
    const other = factorApp({ stores, clock: factor.clock });
    const guesses = Array.from({ length: 20 }, (_, n) =>
      (n % 2 ? factor : other)
        .client()
        .post('/auth/reauthenticate')
        .set('Authorization', `Bearer ${tokens.accessToken}`)
        .send({ code: enrolled.authenticator.wrongCode() }),
    );
    const answers = await Promise.all(guesses);
    if (name === 'memory')
      expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10);
    else expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    const right = await byTokens(tokens, { code: enrolled.authenticator.nextCode() });
    expect(right.body).toEqual(refused('TOO_MANY_ATTEMPTS'));
    expect(Number(right.headers['retry-after'])).toBeLessThanOrEqual(300);
    // The password is another matter.
    expect((await byTokens(tokens, { password: PASSWORD })).status).toBe(200);
    await other.auth.close();
  });

  test('a session that has ended tries no proof, and neither does a user who is gone', async () => {
    const tokens = await tokensOfAnn();
    const { sid } = decodeToken(tokens.accessToken).payload as { sid: string };
    await stores.refreshTokens.revoke(ann.id, sid);
    factor.events.length = 0;
    for (const body of [{ password: PASSWORD }, { password: 'wrong' }, { code: '123456' }])
      expect((await byTokens(tokens, body)).body).toEqual(refused('SESSION_REVOKED'));
    expect(factor.events.map(({ type }) => type)).toEqual(['refused', 'refused', 'refused']);
    const others = await tokensOfAnn();
    await (stores.users as MemoryUserStore).update(ann.id, { disabled: true });
    expect((await byTokens(others, { password: PASSWORD })).status).toBe(401);
  });

  test('a session that ends while its proof is judged is not raised', async () => {
    const tokens = await tokensOfAnn();
    const answers = await Promise.all([
      byTokens(tokens, { password: PASSWORD }),
      factor.auth.sessions.revokeAll(ann.id),
    ]);
    const raised = answers[0];
    expect([200, 401]).toContain(raised.status);
    expect((await byTokens(tokens, { password: PASSWORD })).status).toBe(401);
    if (raised.status === 200) expect((await refresh(raised.body as Tokens)).status).toBe(401);
  });
});

describe('POST /reauthenticate', () => {
  let factor: FactorApp;
  let browser: Browser;

  beforeAll(async () => {
    factor = factorApp();
    const ann = await factor.createUser('ann');
    browser = factor.browser();
    await factor.firstStep(browser, ann.username);
  });

  afterAll(() => factor.auth.close());

  test.each<[string, object | unknown[], string]>([
    ['no proof', {}, 'body'],
    ['two proofs', { password: PASSWORD, code: '123456' }, 'code'],
    ['two codes', { code: '123456', recoveryCode: 'K7QXM-2VB4T-OJ5RW-6HNPA-3DYLC' }, 'recoveryCode'],
    ['a password that is no text', { password: 1 }, 'password'],
    ['an empty password', { password: '' }, 'password'],
    ['a code of letters', { code: 'abcdef' }, 'code'],
    ['a recovery code that is too short', { recoveryCode: 'K7QXM' }, 'recoveryCode'],
    ['an unknown member', { password: PASSWORD, trustDevice: true }, 'trustDevice'],
    ['a list', [], 'body'],
  ])('refuses %s by name', async (_what, body, path) => {
    const answer = await browser.post('/auth/reauthenticate').send(body);
    expect([answer.status, answer.body]).toMatchObject([
      400,
      { code: 'VALIDATION_FAILED', errors: [{ path }] },
    ]);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('needs an access token, a body that it can read, and a page of its own site', async () => {
    const anonymous = await factor.client().post('/auth/reauthenticate').send({ password: PASSWORD });
    expect([anonymous.status, anonymous.body]).toEqual([401, refused('NO_ACCESS_TOKEN')]);
    const form = await browser.post('/auth/reauthenticate').type('form').send({ password: PASSWORD });
    expect(form.status).toBe(415);
    const broken = await browser.post('/auth/reauthenticate').type('json').send('{"password":');
    expect(broken.status).toBe(400);
    const foreign = await browser
      .post('/auth/reauthenticate')
      .set({ Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' })
      .send({ password: PASSWORD });
    expect([foreign.status, foreign.body]).toEqual([403, refused('CROSS_SITE_REQUEST')]);
  });

  test('keeps whether the cookies stay when the browser closes', async () => {
    for (const remember of [false, true]) {
      const keeping = factor.browser();
      await factor.firstStep(keeping, 'ann', { remember });
      const answer = await keeping.post('/auth/reauthenticate').send({ password: PASSWORD });
      const cookies = answer.headers['set-cookie'] as unknown as string[];
      expect(cookies.every((each) => each.includes('Max-Age') === remember)).toBe(true);
    }
  });

  test('two requests with the password that both find the session as it was get the same tokens', async () => {
    const refreshTokens = new MemoryRefreshTokenStore();
    const doubled = factorApp({ stores: { users: new MemoryUserStore(), refreshTokens } });
    const ann = await doubled.createUser('ann');
    const { accessToken } = await doubled.auth.sessions.start(ann.id);
    const waiting: (() => void)[] = [];
    const raise = refreshTokens.raise.bind(refreshTokens);
    refreshTokens.raise = async (request) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length >= 2) for (const go of waiting) go();
      });
      return raise(request);
    };
    const answers = await Promise.all(
      [1, 2].map(() =>
        doubled
          .client()
          .post('/auth/reauthenticate')
          .set('Authorization', `Bearer ${accessToken}`)
          .send({ password: PASSWORD }),
      ),
    );
    const [one, two] = answers.map(({ body }) => (body as Tokens).refreshToken);
    expect([one, answers.map(({ status }) => status)]).toEqual([two, [200, 200]]);
    expect(doubled.events.filter(({ type }) => type === 'reauthenticated')).toHaveLength(1);
    await doubled.auth.close();
  });

  test('answers in Korean', async () => {
    const answer = await browser
      .post('/auth/reauthenticate')
      .set('Accept-Language', 'ko')
      .send({ password: PASSWORD });
    expect(answer.body).toEqual({ message: '본인 확인이 완료되었습니다.' });
  });

  test('calls the password by the name that the app has chosen', async () => {
    const named = factorApp({ auth: { passwordField: 'secret' } });
    await named.createUser('ann');
    const login = await named.client().post('/auth/login').send({ username: 'ann', secret: PASSWORD });
    const cookie = cookieHeader({ accessToken: setCookies(login)['accessToken']?.value ?? '' });
    const send = (body: object) =>
      named.client().post('/auth/reauthenticate').set('Cookie', cookie).send(body);
    expect((await send({ password: PASSWORD })).status).toBe(400);
    expect((await send({ secret: PASSWORD })).status).toBe(200);
    await named.auth.close();
  });

  test('asks the claims of the app for the new token, and raises nothing when they fail', async () => {
    let fails = false;
    const claims = jest.fn((_user: unknown, { amr }: { amr?: readonly string[] | undefined }) => {
      if (fails) throw new Error('down');
      return { how: amr?.join(' ') ?? 'unknown' };
    });
    const claiming = factorApp({ auth: { accessToken: { secret: ACCESS_SECRET, claims } } });
    const ann = await claiming.createUser('ann');
    const own = claiming.browser();
    await claiming.firstStep(own, 'ann');
    fails = true;
    const down = await own.post('/auth/reauthenticate').send({ password: PASSWORD });
    expect(down.status).toBe(503);
    expect((await claiming.auth.sessions.list(ann.id)).map(({ generation }) => generation)).toEqual([0]);
    fails = false;
    expect((await own.post('/auth/reauthenticate').send({ password: PASSWORD })).status).toBe(200);
    expect((await own.get('/auth/check')).body).toMatchObject({ user: { claims: { how: 'pwd' } } });
    await claiming.auth.close();
  });

  test('lets a user who must enrol a second factor prove the password, and enrol after a while', async () => {
    const strict = factorApp({ factor: { required: () => true } });
    await strict.createUser('ann');
    const own = strict.browser();
    await strict.firstStep(own, 'ann');
    strict.clock.forward(10 * MINUTE);
    expect((await own.post('/auth/factors/totp')).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    expect((await own.post('/auth/reauthenticate').send({ password: PASSWORD })).status).toBe(200);
    expect((await own.get('/auth/sessions')).body).toEqual(refused('SECOND_FACTOR_ENROLMENT_REQUIRED'));
    expect((await own.post('/auth/factors/totp')).status).toBe(201);
    await strict.auth.close();
  });

  test('is a TypeError for a store that can not raise sessions', () => {
    const refreshTokens = new MemoryRefreshTokenStore();
    Object.assign(refreshTokens, { raise: undefined });
    const make = () => factorApp({ stores: { users: new MemoryUserStore(), refreshTokens } });
    expect(make).toThrow(TypeError);
    expect(make).toThrow('secondFactor needs refreshTokens to have the method raise()');
  });
});

/** Whose short windows end when the test says so. */
class WindowedStore extends MemoryRefreshTokenStore {
  window = 0;

  attemptCounter(name: string, windowSeconds: number): AttemptCounter {
    const counters: AttemptCounter[] = [];
    const current = () =>
      (counters[windowSeconds > 300 ? 0 : this.window] ??= memoryCounter(
        `${name}-${this.window}`,
        windowSeconds,
      ));
    return {
      increment: (key) => current().increment(key),
      decrement: (key) => current().decrement(key),
      reset: (key) => current().reset(key),
      hold: (key, seconds) => current().hold(key, seconds),
    };
  }
}

test('a session has ten wrong codes a day, and then waits for the rest of it', async () => {
  const refreshTokens = new WindowedStore();
  const factor = factorApp({ stores: { users: new MemoryUserStore(), refreshTokens } });
  await factor.createUser('ann');
  const { authenticator, browser } = await factor.enrol('ann');
  const guess = (code: string) => browser.post('/auth/reauthenticate').send({ code });
  for (let windows = 0; windows < 2; windows += 1) {
    for (let n = 0; n < 5; n += 1) expect((await guess(authenticator.wrongCode())).body).toEqual(WRONG_CODE);
    expect((await guess(authenticator.nextCode())).status).toBe(429);
    refreshTokens.window += 1;
  }
  const answer = await guess(authenticator.nextCode());
  expect(answer.body).toEqual(refused('TOO_MANY_ATTEMPTS'));
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3600);
  expect(factor.events).toContainEqual(expect.objectContaining({ type: 'locked', limit: 'step-up-session' }));
  // The owner logs in again.
  await factor.firstStep(browser, 'ann');
  expect((await factor.secondStep(browser, { code: authenticator.nextCode() })).status).toBe(200);
  expect((await guess(authenticator.nextCode())).status).toBe(200);
  await factor.auth.close();
});
