import { randomUUID } from 'node:crypto';
import { FactorSets } from '../../../src/features/factor-sets';
import { type MemoryUserStore, type StoredUser } from '../../../src/index';
import { PASSWORD, setCookies } from '../../helpers/apps/app';
import { decodeToken } from '../../helpers/tokens/tokens';
import { factorApp, PERIOD_MS, refused, type Enrolled, type FactorApp } from './factor-app';
import { eventually } from '../../helpers/eventually';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const NEEDED = { ...refused('SECOND_FACTOR_REQUIRED'), factors: ['totp', 'recovery-code'] };
const INVALID = refused('INVALID_SECOND_FACTOR');
const BEGIN_AGAIN = refused('FLOW_STATE_INVALID');

describe.each(EACH_STORES)('a login in two steps, on %s', (name, open) => {
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

  const sessionsOfAnn = () => factor.auth.sessions.list(ann.id);
  const firstStep = (browser = factor.browser(), members?: object) =>
    factor.firstStep(browser, ann.username, members);
  /** A browser that has made the first step. */
  const halfway = async (members?: object) => {
    const browser = factor.browser();
    expect((await firstStep(browser, members)).status).toBe(401);
    return browser;
  };

  test('the password alone begins nothing: no token, no session, nothing that passes a guard', async () => {
    const before = await sessionsOfAnn();
    factor.events.length = 0;
    const browser = factor.browser();
    const answer = await firstStep(browser);
    expect([answer.status, answer.body]).toEqual([401, NEEDED]);
    expect(Object.keys(setCookies(answer))).toEqual(['flowState.factor']);
    expect((answer.headers['set-cookie'] as unknown as string[])[0]).toMatch(
      /Max-Age=300; Path=\/; HttpOnly; SameSite=Strict/,
    );
    expect(await sessionsOfAnn()).toEqual(before);
    for (const path of ['/auth/check', '/auth/info', '/auth/sessions', '/auth/factors'])
      expect((await browser.get(path)).status).toBe(401);
    expect((await browser.post('/auth/refresh')).status).toBe(401);
    // Neither a login nor a failed one.
    expect(factor.events.map(({ type }) => type).filter((type) => type.startsWith('login'))).toEqual([]);
  });

  test('the code of the app ends the login, once', async () => {
    const browser = await halfway({ remember: true });
    const code = enrolled.authenticator.nextCode();
    const answer = await factor.secondStep(browser, { code: ` ${code.slice(0, 3)} ${code.slice(3)} ` });
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: 'Login successful', user: { id: ann.id, username: ann.username, roles: [] } },
    ]);
    const cookies = answer.headers['set-cookie'] as unknown as string[];
    expect(cookies.find((each) => each.startsWith('refreshToken='))).toContain('Max-Age');
    expect(cookies.find((each) => each.startsWith('flowState.factor='))).toContain('1970');
    const { user } = (await browser.get('/auth/check')).body as { user: { amr: string[]; authTime: string } };
    expect(user).toMatchObject({ id: ann.id, amr: ['pwd', 'otp', 'mfa'] });
    expect(Math.abs(Date.parse(user.authTime) - factor.clock.now())).toBeLessThan(5000);
    expect((await factor.secondStep(browser, { code })).body).toEqual(BEGIN_AGAIN);
    const other = await halfway();
    expect((await factor.secondStep(other, { code })).body).toEqual(INVALID);
    expect((await factor.secondStep(other, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
  });

  test('works without cookies, by the challenge, from any site', async () => {
    const foreign = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
    const first = await firstStep(factor.client(), { transport: 'body' }).set(foreign);
    expect(first.body).toEqual({ ...NEEDED, challenge: expect.stringMatching(/^[\w-]{32}$/) as string });
    expect(first.headers['set-cookie']).toBeUndefined();
    const { challenge } = first.body as { challenge: string };
    const body = { code: enrolled.authenticator.nextCode(), challenge };
    const answer = await factor.secondStep(factor.client(), body).set(foreign);
    expect(answer.body).toMatchObject({ user: { id: ann.id }, tokenType: 'Bearer' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    const { payload } = decodeToken((answer.body as { accessToken: string }).accessToken);
    expect(payload['amr']).toEqual(['pwd', 'otp', 'mfa']);
  });

  test('a recovery code ends the login, once', async () => {
    const [recoveryCode = ''] = enrolled.recoveryCodes;
    const browser = await halfway();
    const typed = recoveryCode.toLowerCase().replaceAll('-', ' ');
    expect((await factor.secondStep(browser, { recoveryCode: typed })).status).toBe(200);
    const check = await browser.get('/auth/check');
    expect(check.body).toMatchObject({ user: { id: ann.id, amr: ['pwd', 'rec', 'mfa'] } });
    expect((await browser.get('/auth/factors')).body).toMatchObject({ recoveryCodesLeft: 9 });
    expect((await factor.secondStep(await halfway(), { recoveryCode })).body).toEqual(INVALID);
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'recoveryCodeUsed', userId: ann.id, left: 9 }),
    );
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'factorFailed', kind: 'recovery-codes', reason: 'used-code' }),
    );
  });

  test('of parallel second steps with one right code, in two processes and several browsers, one begins a session', async () => {
    const second = factorApp({ stores, clock: factor.clock });
    const browsers = await Promise.all(Array.from({ length: 6 }, () => halfway()));
    const cookies = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const first = await factor.firstStep(factor.client(), ann.username);
        return `flowState.factor=${setCookies(first)['flowState.factor']?.value ?? ''}`;
      }),
    );
    const before = (await sessionsOfAnn()).length;
    const code = enrolled.authenticator.nextCode();
    const answers = await Promise.all([
      ...browsers.flatMap((browser) => [1, 2, 3].map(() => factor.secondStep(browser, { code }))),
      ...cookies.flatMap((cookie) =>
        [1, 2, 3].map(() =>
          second.client().post('/auth/login/second-factor').set('Cookie', cookie).send({ code }),
        ),
      ),
    ]);
    const ok = answers.filter(({ status }) => status === 200);
    expect(ok).toHaveLength(1);
    for (const { status } of answers) expect([200, 400, 401, 429]).toContain(status);
    await eventually('one session is left', async () => (await sessionsOfAnn()).length === before + 1);
    await second.auth.close();
  });

  test('of parallel guesses with one challenge, in two processes, five are judged', async () => {
    // Processes in memory share no counts.
    const second = name === 'memory' ? factor : factorApp({ stores, clock: factor.clock });
    const first = await factor.firstStep(factor.client(), ann.username);
    const cookie = `flowState.factor=${setCookies(first)['flowState.factor']?.value ?? ''}`;
    factor.events.length = 0;
    const code = enrolled.authenticator.wrongCode();
    const guess = (app: FactorApp, body: object) =>
      app.client().post('/auth/login/second-factor').set('Cookie', cookie).send(body);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => guess(n % 2 ? factor : second, { code })),
    );
    const codes = answers.map(({ body }) => (body as { code: string }).code);
    expect(codes.filter((each) => each === 'INVALID_SECOND_FACTOR')).toHaveLength(5);
    expect(codes.filter((each) => each === 'FLOW_STATE_INVALID')).toHaveLength(55);
    const failed = [...new Set([...factor.events, ...second.events])].filter(
      ({ type }) => type === 'factorFailed',
    );
    expect(failed).toHaveLength(5);
    // The right code comes too late.
    expect((await guess(factor, { code: enrolled.authenticator.nextCode() })).body).toEqual(BEGIN_AGAIN);
    await second.auth.close();
  });

  test('after ten wrong codes in a row each try must wait, and a stranger without the password can cause none of it', async () => {
    const code = enrolled.authenticator.wrongCode();
    for (const tries of [5, 4]) {
      const browser = await halfway();
      for (let n = 0; n < tries; n += 1)
        expect((await factor.secondStep(browser, { code })).status).toBe(401);
    }
    // A stranger has no challenge.
    for (let n = 0; n < 20; n += 1)
      expect((await factor.secondStep(factor.client() as never, { code })).status).toBe(400);
    const browser = await halfway();
    expect((await factor.secondStep(browser, { code })).status).toBe(401);
    const waiting = await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() });
    expect([waiting.status, waiting.body]).toEqual([429, refused('TOO_MANY_ATTEMPTS')]);
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'locked', limit: 'second-factor-user', userId: ann.id }),
    );
  });

  test('a challenge is good only in its browser, and those of two browsers stand beside each other', async () => {
    const [one, two] = [await halfway(), await halfway()];
    expect(
      (await factor.secondStep(factor.browser(), { code: enrolled.authenticator.nextCode() })).body,
    ).toEqual(BEGIN_AGAIN);
    expect((await factor.secondStep(two, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
    expect((await factor.secondStep(one, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
  });

  test('the challenge of a cookie is no challenge of a body, nor the other way round', async () => {
    const first = await factor.firstStep(factor.client(), ann.username);
    const challenge = setCookies(first)['flowState.factor']?.value ?? '';
    const code = enrolled.authenticator.nextCode();
    expect((await factor.secondStep(factor.client() as never, { code, challenge })).body).toEqual(
      BEGIN_AGAIN,
    );
    const inBody = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
    const cookie = `flowState.factor=${(inBody.body as { challenge: string }).challenge}`;
    const answer = await factor.secondStep(factor.client(), { code }).set('Cookie', cookie);
    expect(answer.body).toEqual(BEGIN_AGAIN);
  });

  test('a new password ends the challenges of the old one', async () => {
    const browser = await halfway();
    const change = { currentPassword: PASSWORD, newPassword: 'quite another 8 words' };
    expect((await enrolled.browser.post('/auth/password').send(change)).status).toBe(200);
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() })).body).toEqual(
      BEGIN_AGAIN,
    );
  });

  test('a disabled and a deleted user get no session by the second step', async () => {
    const users = stores.users as MemoryUserStore;
    const browser = await halfway();
    await users.update(ann.id, { disabled: true });
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() })).body).toEqual(
      BEGIN_AGAIN,
    );
    await users.delete(ann.id);
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() })).body).toEqual(
      BEGIN_AGAIN,
    );
  });

  test('a challenge does not open another user’s account, and a code of another user is wrong', async () => {
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const ofBob = await factor.enrol(bob.username);
    const browser = await halfway();
    expect((await factor.secondStep(browser, { code: ofBob.authenticator.nextCode() })).body).toEqual(
      INVALID,
    );
    const [recoveryCode = ''] = ofBob.recoveryCodes;
    expect((await factor.secondStep(browser, { recoveryCode })).body).toEqual(INVALID);
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.code() })).status).toBe(200);
    const check = await browser.get('/auth/check');
    expect(check.body).toMatchObject({ user: { id: ann.id } });
  });

  test('a row that is copied to another user opens nothing', async () => {
    const bob = await factor.createUser(`bob-${randomUUID()}`);
    const credentials = stores.users.credentials?.();
    const [row] = (await credentials?.list(ann.id, 'totp')) ?? [];
    await credentials?.remove(ann.id, 'totp', row!.id);
    expect(await credentials?.add({ ...row!, userId: bob.id, createdAt: undefined } as never)).toBe(true);
    const name = { kind: 'totp', id: row!.id } as const;
    expect(await new FactorSets(credentials!).add(bob.id, name, () => {})).toMatchObject({
      outcome: 'added',
    });
    const browser = factor.browser();
    expect((await factor.firstStep(browser, bob.username)).body).toMatchObject({ factors: ['totp'] });
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() })).body).toEqual(
      INVALID,
    );
    expect(factor.events).toContainEqual(
      expect.objectContaining({ type: 'factorFailed', userId: bob.id, reason: 'unusable-secret' }),
    );
  });

  test('a code of the step before is still good, until a later one was used', async () => {
    const earlier = enrolled.authenticator.nextCode();
    const later = enrolled.authenticator.nextCode();
    expect((await factor.secondStep(await halfway(), { code: earlier })).status).toBe(200);
    expect((await factor.secondStep(await halfway(), { code: later })).status).toBe(200);
    const other = enrolled.authenticator.nextCode();
    factor.clock.forward(2 * PERIOD_MS);
    expect((await factor.secondStep(await halfway(), { code: other })).body).toEqual(INVALID);
  });

  test.each([
    [{ code: '12345' }, 'code', 'must be the digits that the authenticator app shows'],
    [{ code: '123456789' }, 'code', 'must be the digits that the authenticator app shows'],
    [{ code: '1234567' }, 'code', 'must be the digits that the authenticator app shows'],
    [{ code: 'abcdef' }, 'code', 'must be the digits that the authenticator app shows'],
    [{ code: 123456 }, 'code', 'must be a string'],
    [{ code: null }, 'code', 'must be a string'],
    [{ code: '١٢٣٤٥٦' }, 'code', 'must be the digits that the authenticator app shows'],
    [{}, 'body', 'must have one of these: code, recoveryCode'],
    [{ recoveryCode: '123456' }, 'recoveryCode', 'must be a recovery code'],
    [{ recoveryCode: ['x'] }, 'recoveryCode', 'must be a string'],
    [
      { code: '123456', recoveryCode: 'K7QXM-2VB4T-OJ5RW-6HNPA-3DYLC' },
      'recoveryCode',
      'must not come together with another proof',
    ],
    [{ code: '123456', challenge: 5 }, 'challenge', 'must be a string'],
    [{ code: '123456', trust: true }, 'trust', 'is not known'],
  ])('refuses %j by name, and costs no try', async (body, path, message) => {
    const browser = await halfway();
    for (let n = 0; n < 6; n += 1) {
      const answer = await factor.secondStep(browser, body);
      expect([answer.status, answer.body]).toEqual([
        400,
        { ...refused('VALIDATION_FAILED'), errors: [{ path, message }] },
      ]);
    }
    expect((await factor.secondStep(browser, { code: enrolled.authenticator.nextCode() })).status).toBe(200);
  });
});
