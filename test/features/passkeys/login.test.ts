import { randomUUID } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { PASSWORD, setCookies } from '../../helpers/apps/app';
import { decodeToken } from '../../helpers/tokens/tokens';
import { refused } from '../second-factor/factor-app';
import { newPasskey, passkeyApp, RP_ID, type PasskeyApp } from './passkey-app';
import { eventually } from '../../helpers/eventually';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';

const INVALID = refused('INVALID_PASSKEY');

describe.each(EACH_STORES)('a login with a passkey, on %s', (_name, open) => {
  let stores: OpenStores;
  let app: PasskeyApp;

  beforeAll(async () => {
    stores = await open();
    app = passkeyApp({ stores });
  });

  afterAll(async () => {
    await app.auth.close();
    await stores.close();
  });

  const enrolled = () => app.enrolled(`ann-${randomUUID()}`);

  test('works without a name and without a password', async () => {
    const { user, passkey } = await enrolled();
    const browser = app.browser();
    const asked = await browser.post('/auth/login/passkey/options');
    expect(asked.body).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      rpId: RP_ID,
      timeout: 300_000,
      userVerification: 'required',
      allowCredentials: [],
    });
    expect(asked.headers['set-cookie']?.[0]).toMatch(
      /^flowState\.passkey=[\w-]{32}; Max-Age=300; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const credential = passkey.get(asked.body as Parameters<typeof passkey.get>[0]);
    const answer = await browser.post('/auth/login/passkey').send({ credential, remember: true });
    expect([answer.status, answer.body]).toEqual([
      200,
      { message: 'Login successful', user: { id: user.id, username: user.username, roles: [] } },
    ]);
    expect(setCookies(answer)['refreshToken']).toBeDefined();
    const check = await browser.get('/auth/check');
    expect(check.body).toMatchObject({ user: { id: user.id, amr: ['hwk', 'mfa'] } });
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'login', userId: user.id }));
    const { passkeys } = (await browser.get('/auth/passkeys')).body as { passkeys: { lastUsedAt: string }[] };
    expect(Math.abs(Date.parse(passkeys[0]?.lastUsedAt ?? '') - app.clock.now())).toBeLessThan(5000);
  });

  test('works with a name, for the passkeys of that user', async () => {
    const { user, passkey } = await enrolled();
    const other = await enrolled();
    const browser = app.browser();
    const options = await app.ask(browser, { username: user.username.toUpperCase() });
    expect(options.allowCredentials).toEqual([
      { type: 'public-key', id: passkey.id, transports: ['internal'] },
    ]);
    const wrongUser = other.passkey.get(options);
    const refusal = await browser.post('/auth/login/passkey').send({ credential: wrongUser });
    expect([refusal.status, refusal.body]).toEqual([401, INVALID]);
    // An authenticator need not say who the user is when it was asked for one.
    const credential = passkey.get(options, { userHandle: undefined });
    expect((await browser.post('/auth/login/passkey').send({ credential })).status).toBe(200);
  });

  test.each([
    ['en', 'must not come together with username'],
    ['ko', 'username 항목과 함께 보낼 수 없습니다.'],
  ])('a name together with a challenge is refused, in %s', async (language, message) => {
    const answer = await app
      .client()
      .post('/auth/login/passkey/options')
      .set('Accept-Language', language)
      .send({ username: 'ann', challenge: 'x', transport: 'body' });
    expect([answer.status, answer.body]).toEqual([
      400,
      expect.objectContaining({ errors: [{ path: 'challenge', message }] }),
    ]);
  });

  test('works without cookies, by the challengeId, from any site', async () => {
    const { user, passkey } = await enrolled();
    const foreign = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Site': 'cross-site' };
    const asked = await app
      .client()
      .post('/auth/login/passkey/options')
      .set(foreign)
      .send({ transport: 'body' });
    expect(asked.headers['set-cookie']).toBeUndefined();
    const { challengeId, ...options } = asked.body as Awaited<ReturnType<PasskeyApp['ask']>>;
    expect(challengeId).toMatch(/^[\w-]{32}$/);
    const credential = passkey.get(options);
    const post = (body: object) => app.client().post('/auth/login/passkey').set(foreign).send(body);
    const missing = await post({ credential, transport: 'body' });
    expect([missing.status, missing.body]).toMatchObject([400, { errors: [{ path: 'challengeId' }] }]);
    const other = await app.ask(app.browser(), { transport: 'body' });
    const wrong = await post({ credential, transport: 'body', challengeId: other.challengeId });
    expect(wrong.body).toEqual(INVALID);
    const answer = await post({ credential, transport: 'body', challengeId });
    expect(answer.body).toMatchObject({ user: { id: user.id }, tokenType: 'Bearer' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    const { payload } = decodeToken((answer.body as { accessToken: string }).accessToken);
    expect(payload['amr']).toEqual(['hwk', 'mfa']);
  });

  test('an answer is good once, and of 100 parallel uses one wins', async () => {
    const { user, passkey, browser: first } = await enrolled();
    const browser = app.browser();
    const credential = passkey.get(await app.ask(browser));
    const before = (await app.auth.sessions.list(user.id)).length;
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => browser.post('/auth/login/passkey').send({ credential })),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    for (const { status, body } of answers.filter((each) => !won.includes(each)))
      expect([status, body]).toEqual([401, INVALID]);
    await eventually(
      'one session is left',
      async () => (await app.auth.sessions.list(user.id)).length === before + 1,
    );
    expect((await browser.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
    expect((await first.get('/auth/info')).status).toBe(200);
    expect(app.events.filter(({ type }) => type === 'passkeyCounterRegressed')).toEqual([]);
  });

  test('an answer is good in its own browser only, and stays good when another one was refused', async () => {
    const { passkey } = await enrolled();
    const browser = app.browser();
    const credential = passkey.get(await app.ask(browser));
    const stranger = app.browser();
    expect((await stranger.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
    await app.ask(stranger);
    expect((await stranger.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
    // A second tab asks too.
    await app.ask(browser);
    expect((await browser.post('/auth/login/passkey').send({ credential })).status).toBe(200);
  });

  test('a removed passkey logs no one in, and a challenge of before changes nothing about it', async () => {
    const { browser: owner, passkey } = await enrolled();
    const browser = app.browser();
    const credential = passkey.get(await app.ask(browser));
    expect((await owner.delete(`/auth/passkeys/${passkey.id}`)).status).toBe(204);
    expect((await browser.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
  });
});

describe('a login with a passkey', () => {
  let app: PasskeyApp;

  beforeAll(() => {
    app = passkeyApp();
  });

  afterAll(() => app.auth.close());

  test('is refused with a wrong origin, rpId, challenge, type, key, user or without the user', async () => {
    const { user, passkey } = await app.enrolled('ann');
    const other = await app.enrolled('bob');
    const stale = (await app.ask(app.browser())).challenge;
    const wrong: [string, object][] = [
      ['origin', { origin: 'https://example.com' }],
      ['origin of a subdomain', { origin: 'https://evil.app.example.com' }],
      ['scheme', { origin: 'http://app.example.com' }],
      ['rpId', { rpId: 'evil.example' }],
      ['challenge that no one asked for', { challenge: 'A'.repeat(43) }],
      ['challenge of another browser', { challenge: stale }],
      ['type', { type: 'webauthn.create' }],
      ['key', { key: other.passkey.privateKey }],
      ['id of another user', { id: other.passkey.id }],
      ['userHandle of another user', { userHandle: other.passkey.userHandle }],
      ['no userHandle', { userHandle: undefined }],
      ['not verified user', { flags: 0x01 }],
      ['absent user', { flags: 0x04 }],
      ['other kind of passkey than before', { flags: 0x0d }],
      ['frame of another site', { clientData: { crossOrigin: true } }],
      ['top origin', { clientData: { topOrigin: 'https://evil.example' } }],
    ];
    for (const [what, settings] of wrong) {
      const browser = app.browser();
      app.events.length = 0;
      const answer = await app.login(browser, passkey, settings);
      expect([what, answer.status, answer.body]).toEqual([what, 401, INVALID]);
      expect(setCookies(answer)).toEqual({});
      expect([what, app.events.map(({ type }) => type)]).toEqual([what, ['loginFailed']]);
      expect(app.events[0]).toMatchObject({ reason: 'invalid-passkey' });
    }
    expect((await app.login(app.browser(), passkey)).body).toMatchObject({ user: { id: user.id } });
  });

  test('is refused for a disabled user', async () => {
    const users = new MemoryUserStore();
    const own = passkeyApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() } });
    const { user, passkey } = await own.enrolled('ann');
    await users.update(user.id, { disabled: true });
    expect((await own.login(own.browser(), passkey)).body).toEqual(INVALID);
    await own.auth.close();
  });

  test('judges five wrong answers a challenge, and then none', async () => {
    const { passkey } = await app.enrolled('eve');
    const browser = app.browser();
    const options = await app.ask(browser);
    const { privateKey } = newPasskey();
    for (let guess = 0; guess < 5; guess += 1) {
      const credential = passkey.get(options, { key: privateKey });
      expect((await browser.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
    }
    const right = passkey.get(options);
    expect((await browser.post('/auth/login/passkey').send({ credential: right })).body).toEqual(INVALID);
    expect((await app.login(browser, passkey)).status).toBe(200);
  });

  test.each([
    [30, 'for names', { username: 'nobody' }, 'passkey-options'],
    [300, 'without a name', {}, 'passkey-options-unnamed'],
  ])('gives an address %d challenges a minute %s', async (most, _for, body, limit) => {
    const ask = (sent: object) =>
      app
        .client()
        .post('/auth/login/passkey/options')
        .set('X-Forwarded-For', `203.0.113.${most % 256}`)
        .send(sent);
    const answers = await Promise.all(Array.from({ length: most }, () => ask(body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(most).fill(200));
    const refusal = await ask(body);
    expect([refusal.status, refusal.body]).toEqual([429, refused('TOO_MANY_ATTEMPTS')]);
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'locked', limit }));
    // Each has a limit of its own.
    expect((await ask('username' in body ? {} : { username: 'nobody' })).status).toBe(200);
  });

  test('forgets a challenge after five minutes', async () => {
    const { passkey } = await app.enrolled('old');
    const browser = app.browser();
    const credential = passkey.get(await app.ask(browser));
    app.clock.forward(301_000);
    expect((await browser.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
  });

  test('refuses a request from another site', async () => {
    const answer = await app
      .browser()
      .post('/auth/login/passkey')
      .set('Sec-Fetch-Site', 'cross-site')
      .send({});
    expect(answer.body).toEqual(refused('CROSS_SITE_REQUEST'));
  });
});

describe('a counter that goes back', () => {
  test('is an event, and by default no more', async () => {
    const app = passkeyApp();
    const { user, passkey } = await app.enrolled('ann');
    expect((await app.login(app.browser(), passkey, { counter: 7 })).status).toBe(200);
    expect((await app.login(app.browser(), passkey, { counter: 7 })).status).toBe(200);
    expect(app.events.filter(({ type }) => type === 'passkeyCounterRegressed')).toEqual([
      expect.objectContaining({
        userId: user.id,
        passkeyId: passkey.id,
        stored: 7,
        received: 7,
        refused: false,
      }),
    ]);
    await app.auth.close();
  });

  test("is refused with counter: 'refuse', and a copy is noticed again and again", async () => {
    const app = passkeyApp({ passkeys: { counter: 'refuse' } });
    const { passkey } = await app.enrolled('ann');
    expect((await app.login(app.browser(), passkey, { counter: 7 })).status).toBe(200);
    for (const counter of [7, 3, 0])
      expect((await app.login(app.browser(), passkey, { counter })).body).toEqual(INVALID);
    expect((await app.login(app.browser(), passkey, { counter: 8 })).status).toBe(200);
    const regressed = app.events.filter(({ type }) => type === 'passkeyCounterRegressed');
    expect(regressed).toMatchObject([
      { stored: 7, received: 7, refused: true },
      { stored: 7, received: 3 },
      { stored: 7, received: 0 },
    ]);
    await app.auth.close();
  });

  test('is nothing to a passkey that does not count', async () => {
    const app = passkeyApp({ passkeys: { counter: 'refuse' } });
    const { passkey, browser } = await app.enrolled('ann', newPasskey({ synced: true }));
    for (let round = 0; round < 2; round += 1)
      expect((await app.login(app.browser(), passkey)).status).toBe(200);
    const list = await browser.get('/auth/passkeys');
    expect(list.body).toMatchObject({ passkeys: [{ backedUp: true }] });
    const check = app.browser();
    await app.login(check, passkey);
    expect((await check.get('/auth/check')).body).toMatchObject({ user: { amr: ['swk', 'mfa'] } });
    // Backed up no more: what the user sees follows.
    expect((await app.login(app.browser(), passkey, { flags: 0x0d })).status).toBe(200);
    expect((await browser.get('/auth/passkeys')).body).toMatchObject({ passkeys: [{ backedUp: false }] });
    await app.auth.close();
  });
});

test('a password takes mfa out of a session whose user has no passkey any more, without secondFactor too', async () => {
  const app = passkeyApp();
  const { passkey } = await app.enrolled('ann');
  const browser = app.browser();
  await app.login(browser, passkey);
  const change = async (currentPassword: string, newPassword: string) => {
    expect((await browser.post('/auth/password').send({ currentPassword, newPassword })).status).toBe(200);
    return ((await browser.get('/auth/check')).body as { user: { amr: string[] } }).user.amr;
  };
  expect(await change(PASSWORD, 'another plum cake at nine')).toEqual(['pwd', 'mfa']);
  await app.login(browser, passkey);
  expect((await browser.delete(`/auth/passkeys/${passkey.id}`)).status).toBe(204);
  expect(await change('another plum cake at nine', PASSWORD)).toEqual(['pwd']);
  await app.auth.close();
});
