import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD, setCookies } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { enrolIn, refused, type Browser } from '../second-factor/factor-app';
import { FaultyStores } from '../second-factor/faulty-stores';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkey-app';

const INVALID = refused('INVALID_SECOND_FACTOR');
const needed = (...factors: string[]) => ({ ...refused('SECOND_FACTOR_REQUIRED'), factors });

describe('with secondFactor, a passkey', () => {
  let app: PasskeyApp;

  beforeEach(() => {
    app = passkeyApp({ factor: true });
  });

  afterEach(() => app.auth.close());

  /** A browser that has made the first step. */
  const halfway = async (username: string) => {
    const browser = app.browser();
    expect((await app.passwordLogin(browser, username)).status).toBe(401);
    return browser;
  };
  const secondStep = (browser: Pick<Browser, 'post'>, body: object) =>
    browser.post('/auth/login/second-factor').send(body);

  test('brings recovery codes as the first factor, ends other sessions, and is listed', async () => {
    const ann = await app.createUser('ann');
    const [browser, other] = [app.browser(), app.browser()];
    await app.passwordLogin(browser, 'ann');
    await app.passwordLogin(other, 'ann');
    const passkey = newPasskey();
    const registered = await app.register(browser, passkey, { name: 'Key' });
    const { recoveryCodes } = registered.body as { recoveryCodes: string[] };
    expect(recoveryCodes).toHaveLength(10);
    expect((await other.get('/auth/check')).body).toEqual(refused('SESSION_REVOKED'));
    expect((await browser.get('/auth/factors')).body).toMatchObject({
      factors: [{ id: passkey.id, kind: 'passkey', name: 'Key', lastUsedAt: null }],
      recoveryCodesLeft: 10,
    });
    // A login without a factor has enrolled the first one, and no second one.
    for (const path of ['/auth/passkeys/options', '/auth/factors/totp'])
      expect((await browser.post(path)).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    const fresh = app.browser();
    await app.login(fresh, passkey);
    const second = await app.register(fresh, newPasskey());
    expect([second.status, Object.keys(second.body as object)]).toEqual([201, ['passkey']]);
    const { authenticator } = await enrolIn(fresh, app.clock);
    const { factors } = (await fresh.get('/auth/factors')).body as { factors: { kind: string }[] };
    expect(factors.map(({ kind }) => kind)).toEqual(['passkey', 'passkey', 'totp']);
    const half = await halfway('ann');
    expect((await app.passwordLogin(half, 'ann')).body).toEqual(needed('passkey', 'totp', 'recovery-code'));
    expect((await secondStep(half, { code: authenticator.nextCode() })).status).toBe(200);
    expect(ann.id).toBeDefined();
  });

  test('logs in without a second step', async () => {
    const { user, passkey } = await app.enrolled('ann');
    const browser = app.browser();
    expect((await app.login(browser, passkey)).status).toBe(200);
    expect((await browser.get('/auth/check')).body).toMatchObject({
      user: { id: user.id, amr: ['hwk', 'mfa'] },
    });
  });

  test('makes the second step after the password, with options for that user', async () => {
    const { user, passkey, recoveryCodes = [] } = await app.enrolled('ann');
    const bob = await app.enrolled('bob');
    const browser = await halfway('ann');
    const options = await app.ask(browser);
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([passkey.id]);
    for (const [credential, path] of [
      [bob.passkey.get(options), []],
      [passkey.get(options, { origin: 'https://evil.example' }), []],
      [passkey.get(options, { flags: 0x01 }), []],
      [passkey.get(await app.ask(app.browser())), []],
    ] as const)
      expect([(await secondStep(browser, { credential })).body, path]).toEqual([INVALID, []]);
    const credential = passkey.get(options, { userHandle: undefined });
    const stranger = await halfway('ann');
    expect((await secondStep(stranger, { credential })).body).toEqual(INVALID);
    const answer = await secondStep(browser, { credential, trustDevice: true });
    expect(answer.body).toMatchObject({ user: { id: user.id } });
    expect((await browser.get('/auth/check')).body).toMatchObject({ user: { amr: ['pwd', 'hwk', 'mfa'] } });
    expect((await secondStep(browser, { credential })).body).toEqual(refused('FLOW_STATE_INVALID'));
    // The same answer does nothing else.
    expect((await secondStep(await halfway('ann'), { credential })).body).toEqual(INVALID);
    const login = await browser.post('/auth/login/passkey').send({ credential });
    expect(login.body).toEqual(refused('INVALID_PASSKEY'));
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'factorFailed', kind: 'passkey', reason: 'wrong-passkey' }),
    );
    const last = await halfway('ann');
    expect((await secondStep(last, { recoveryCode: recoveryCodes[0] })).status).toBe(200);
  });

  test('makes the second step without cookies', async () => {
    const { user, passkey } = await app.enrolled('ann');
    const client = app.client();
    const first = await client
      .post('/auth/login')
      .send({ username: 'ann', password: PASSWORD, transport: 'body' });
    const { challenge } = first.body as { challenge: string };
    const asked = await client.post('/auth/login/passkey/options').send({ challenge, transport: 'body' });
    const { challengeId, ...options } = asked.body as Awaited<ReturnType<PasskeyApp['ask']>>;
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([passkey.id]);
    const credential = passkey.get(options);
    expect((await secondStep(client, { credential, challenge })).body).toEqual(INVALID);
    const answer = await secondStep(client, { credential, challenge, challengeId });
    expect(answer.body).toMatchObject({ user: { id: user.id }, tokenType: 'Bearer' });
    expect(setCookies(answer)).toEqual({});
  });

  test('of parallel second steps with one answer, one begins a session', async () => {
    const { user, passkey } = await app.enrolled('ann');
    const browser = await halfway('ann');
    const credential = passkey.get(await app.ask(browser));
    const answers = await Promise.all(Array.from({ length: 30 }, () => secondStep(browser, { credential })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await eventually('one session is left', async () => (await app.auth.sessions.list(user.id)).length === 2);
  });

  test('comes alone, and is known by its form', async () => {
    const browser = app.browser();
    const credential = newPasskey().credential({ clientDataJSON: 'e30' });
    for (const [body, path] of [
      [{ credential, code: '123456' }, 'credential'],
      [{ credential: 'x' }, 'credential'],
      [{ credential: { id: 'x' } }, 'credential'],
      [{}, 'body'],
    ] as const) {
      const answer = await secondStep(browser, body);
      expect([body, answer.status, answer.body]).toMatchObject([body, 400, { errors: [{ path }] }]);
    }
  });

  test('is removed by /factors too, only by a login with a factor, and takes the recovery codes along', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    for (const path of [`/auth/passkeys/${passkey.id}`, `/auth/factors/${passkey.id}`])
      expect((await browser.delete(path)).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    const fresh = app.browser();
    await app.login(fresh, passkey);
    const trusted = await halfway('ann');
    const credential = passkey.get(await app.ask(trusted));
    expect((await secondStep(trusted, { credential, trustDevice: true })).status).toBe(200);
    expect((await fresh.get('/auth/trusted-devices')).body).toMatchObject({ devices: [{ current: false }] });
    expect((await fresh.delete(`/auth/factors/${passkey.id}`)).status).toBe(204);
    expect((await fresh.get('/auth/factors')).body).toEqual({ factors: [], recoveryCodesLeft: 0 });
    expect((await fresh.get('/auth/trusted-devices')).body).toEqual({ devices: [] });
    expect((await trusted.get('/auth/check')).body).toEqual(refused('SESSION_REVOKED'));
    expect((await app.passwordLogin(app.browser(), 'ann')).status).toBe(200);
  });

  test('is added by one of two logins without a factor, or by none', async () => {
    await app.createUser('ann');
    const browsers = [app.browser(), app.browser()];
    const credentials: object[] = [];
    for (const browser of browsers) {
      await app.passwordLogin(browser, 'ann');
      const asked = await browser.post('/auth/passkeys/options');
      credentials.push(
        newPasskey().create(asked.body as Parameters<ReturnType<typeof newPasskey>['create']>[0]),
      );
    }
    const answers = await Promise.all(
      browsers.map((browser, index) =>
        browser.post('/auth/passkeys').send({ credential: credentials[index] }),
      ),
    );
    const won = answers.filter(({ status }) => status === 201);
    expect(won.length).toBeLessThan(2);
    for (const { status } of answers.filter((each) => !won.includes(each))) expect(status).toBe(401);
  });
});

describe('an outage', () => {
  const set = async () => {
    const faulty = new FaultyStores({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
    });
    const app = passkeyApp({ stores: faulty.stores, factor: true });
    return { faulty, app, ...(await app.enrolled('ann')) };
  };

  test.each(['before', 'after'] as const)(
    'of any store call of a login (%s) is 503, and but for a lost end the same answer logs in afterwards',
    async (fault) => {
      const { app, faulty, passkey } = await set();
      const browser = app.browser();
      faulty.heal();
      await app.login(browser, passkey);
      const calls = [...faulty.calls];
      const begin = calls.lastIndexOf('oneTimeTokens.create') + 1;
      const count = calls.length - begin;
      expect(count).toBeGreaterThan(5);
      for (let at = 0; at < count; at += 1) {
        const next = app.browser();
        const credential = passkey.get(await app.ask(next));
        faulty.failAt(at, fault);
        const answer = await next.post('/auth/login/passkey').send({ credential });
        const call = faulty.calls[at];
        faulty.heal();
        // Calls that no answer waits for.
        if (answer.status === 200) continue;
        expect([call, answer.status]).toEqual([call, 503]);
        const again = await next.post('/auth/login/passkey').send({ credential });
        const isSpent = call === 'oneTimeTokens.take' && fault === 'after';
        expect([call, again.status]).toEqual([call, isSpent ? 401 : 200]);
      }
      await app.auth.close();
    },
  );

  test('of any store call of a registration is 503, and after it the user has one passkey and its codes, or none', async () => {
    const { app, faulty } = await set();
    const count = 30;
    for (let at = 0; at < count; at += 1) {
      const username = `user-${at}`;
      await app.createUser(username);
      const browser = app.browser();
      await app.passwordLogin(browser, username);
      const asked = await browser.post('/auth/passkeys/options');
      const credential = newPasskey().create(
        asked.body as Parameters<ReturnType<typeof newPasskey>['create']>[0],
      );
      faulty.failAt(at, 'before');
      const answer = await browser.post('/auth/passkeys').send({ credential });
      const call = faulty.calls[at];
      faulty.heal();
      if (call === undefined) break;
      // The codes are shown this once: from then on no call that fails takes the answer away.
      const codesOf = ({ body }: { body: unknown }) => (body as { recoveryCodes?: string[] }).recoveryCodes;
      expect([call, answer.status]).toEqual([call, codesOf(answer) ? 201 : 503]);
      const again = await browser.post('/auth/passkeys').send({ credential });
      const { factors, recoveryCodesLeft } = (await browser.get('/auth/factors')).body as {
        factors: object[];
        recoveryCodesLeft: number;
      };
      // Between the challenge and the passkey nothing is left of it: the user begins again.
      const isLost = call === 'credentials.add' && factors.length === 0;

      expect([call, again.status]).toEqual([call, isLost ? 401 : 201]);
      expect([call, factors.length, recoveryCodesLeft]).toEqual([call, isLost ? 0 : 1, isLost ? 0 : 10]);
      const shown = [answer, again].flatMap((each) => codesOf(each) ?? []);
      expect([call, shown.length]).toEqual([call, isLost ? 0 : 10]);
    }
    await app.auth.close();
  });

  test('never lets a user in without the factor', async () => {
    const { app, faulty } = await set();
    for (let at = 0; at < 12; at += 1) {
      faulty.failAt(at, 'before', { onwards: true });
      const browser = app.browser();
      const answer = await app.passwordLogin(browser, 'ann');
      faulty.heal();
      expect([401, 503]).toContain(answer.status);
      expect((await browser.get('/auth/check')).status).toBe(401);
    }
    await app.auth.close();
  });
});
