import { PASSWORD, setCookies } from '../../helpers/apps/app';
import { refused, type Browser } from '../second-factor/factor-app';
import { newPasskey, passkeyApp, type LoginOptions, type PasskeyApp } from './passkey-app';

const INVALID = refused('INVALID_SECOND_FACTOR');

describe('POST /reauthenticate with a passkey', () => {
  let app: PasskeyApp;

  beforeEach(() => {
    app = passkeyApp({ factor: true });
  });

  afterEach(() => app.auth.close());

  const prove = (browser: Pick<Browser, 'post'>, body: object) =>
    browser.post('/auth/reauthenticate').send(body);
  const userOf = async (browser: Pick<Browser, 'get'>) =>
    ((await browser.get('/auth/check')).body as { user: { amr?: string[]; sessionId: string } }).user;

  test('raises the session, and the same answer does nothing else', async () => {
    const { user, browser, passkey } = await app.enrolled('ann');
    const before = await userOf(browser);
    const options = await app.ask(browser);
    expect(options.allowCredentials.map(({ id }) => id)).toEqual([passkey.id]);
    const credential = passkey.get(options);
    expect((await prove(browser, { credential })).status).toBe(200);
    expect(await userOf(browser)).toMatchObject({ sessionId: before.sessionId, amr: ['hwk', 'mfa'] });
    expect((await prove(browser, { credential })).body).toEqual(INVALID);
    const login = await browser.post('/auth/login/passkey').send({ credential });
    expect(login.body).toEqual(refused('INVALID_PASSKEY'));
    const halfway = await app.passwordLogin(browser, 'ann');
    expect(halfway.body).toMatchObject(refused('SECOND_FACTOR_REQUIRED'));
    const step = await browser.post('/auth/login/second-factor').send({ credential });
    expect(step.body).toEqual(INVALID);
    expect(await app.auth.sessions.list(user.id)).toHaveLength(1);
    expect((await browser.post('/auth/factors/totp')).status).toBe(201);
  });

  test('refuses the passkey of another user, another page, another browser, and one that has not verified its user', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    const bob = await app.enrolled('bob');
    const ofOthers = [
      bob.passkey.get(await app.ask(browser)),
      passkey.get(await app.ask(browser), { origin: 'https://evil.example' }),
      passkey.get(await app.ask(app.browser())),
      passkey.get(await app.ask(browser), { flags: 0x01 }),
    ];
    for (const credential of ofOthers) expect((await prove(browser, { credential })).body).toEqual(INVALID);
    expect((await userOf(browser)).amr).toBeUndefined();
    const credential = passkey.get(await app.ask(browser));
    expect((await prove(bob.browser, { credential })).body).toEqual(INVALID);
    expect((await prove(browser, { credential })).status).toBe(200);
    const sixth = passkey.get(await app.ask(browser), { origin: 'https://evil.example' });
    expect((await prove(browser, { credential: sixth })).body).toEqual(INVALID);
    const late = await prove(browser, { credential: passkey.get(await app.ask(browser)) });
    expect(late.body).toMatchObject(refused('TOO_MANY_ATTEMPTS'));
  });

  test('of parallel uses of one answer, in two sessions of one browser too, one raises a session', async () => {
    const { passkey } = await app.enrolled('ann');
    const browser = app.browser();
    await app.login(browser, passkey);
    const other = setCookies(await app.login(app.browser(), passkey))['accessToken']?.value ?? '';
    const credential = passkey.get(await app.ask(browser));
    const answers = await Promise.all([
      ...[1, 2, 3].map(() => prove(browser, { credential })),
      ...[1, 2].map(() => prove(browser, { credential }).set('Authorization', `Bearer ${other}`)),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers.filter((each) => each.status !== 200))
      expect([status, body]).toEqual([401, INVALID]);
  });

  test('is repeated by the same Idempotency-Key, and by no other', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    const credential = passkey.get(await app.ask(browser));
    const send = (key: string) => prove(browser, { credential }).set('Idempotency-Key', key);
    const first = await send('one');
    expect(first.status).toBe(200);
    expect(setCookies(await send('one'))['refreshToken']?.value).toBe(
      setCookies(first)['refreshToken']?.value,
    );
    expect((await send('two')).body).toEqual(INVALID);
  });

  test('works without cookies, by the challengeId', async () => {
    const { passkey } = await app.enrolled('ann');
    const client = app.client();
    const body = { transport: 'body' };
    const first = await client
      .post('/auth/login/passkey/options')
      .send(body)
      .then(({ body: options }) => options as LoginOptions);
    const login = await client
      .post('/auth/login/passkey')
      .send({ ...body, credential: passkey.get(first), challengeId: first.challengeId });
    const { accessToken } = login.body as { accessToken: string };
    const post = (path: string, sent: object) =>
      client.post(path).set('Authorization', `Bearer ${accessToken}`).send(sent);
    const options = (await post('/auth/login/passkey/options', body)).body as LoginOptions;
    const credential = passkey.get(options);
    expect((await post('/auth/reauthenticate', { credential })).body).toEqual(INVALID);
    const answer = await post('/auth/reauthenticate', { credential, challengeId: options.challengeId });
    expect(answer.body).toMatchObject({ tokenType: 'Bearer' });
  });

  test.each([
    ['en', 'must have one of these: password, code, recoveryCode, credential'],
    ['ko', 'password, code, recoveryCode, credential 중 하나를 보내야 합니다.'],
  ])('a body without a proof is told all that it may have, in %s', async (language, message) => {
    const { browser } = await app.enrolled('ann');
    const answer = await prove(browser, {}).set('Accept-Language', language);
    const { errors } = answer.body as { errors: object[] };
    expect([answer.status, errors]).toEqual([400, [{ path: 'body', message }]]);
  });

  test('a passkey that is removed meanwhile raises nothing', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    const other = app.browser();
    await app.login(other, passkey);
    await app.register(other, newPasskey());
    const first = app.browser();
    await app.login(first, passkey);
    const credential = passkey.get(await app.ask(first));
    expect((await other.delete(`/auth/passkeys/${passkey.id}`)).status).toBe(204);
    expect((await prove(first, { credential })).body).toEqual(refused('SESSION_REVOKED'));
    const again = passkey.get(await app.ask(other));
    expect((await prove(other, { credential: again })).body).toEqual(INVALID);
    expect((await prove(other, { password: PASSWORD })).status).toBe(200);
    expect((await browser.get('/auth/check')).status).toBe(401);
  });
});
