import { createSecretKey } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { decoysOf } from '../../../src/features/passkeys/decoys';
import { TextSealer } from '../../../src/tokens/sealed-text';
import { PASSWORD, REFRESH_SECRET } from '../../helpers/apps/app';
import { SoftwarePasskey } from '../../helpers/browsers/software-authenticator';
import { refused } from '../second-factor/factor-app';
import { FaultyStores } from '../second-factor/faulty-stores';
import { newPasskey, ORIGIN, passkeyApp, RP_ID, type PasskeyApp } from './passkey-app';

const INVALID = refused('INVALID_PASSKEY');

describe('a passkey', () => {
  let app: PasskeyApp;

  beforeEach(() => {
    app = passkeyApp();
  });

  afterEach(() => app.auth.close());

  const loggedIn = async (username: string) => {
    await app.createUser(username);
    const browser = app.browser();
    expect((await app.passwordLogin(browser, username)).status).toBe(200);
    return browser;
  };
  type Creation = Parameters<ReturnType<typeof newPasskey>['create']>[0];

  test('is registered with residentKey and userVerification required, under a handle that hides the id', async () => {
    const { user, browser, passkey } = await app.enrolled('ann');
    const options = (await browser.post('/auth/passkeys/options')).body as Creation;
    expect(options).toEqual({
      challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      rp: { id: RP_ID, name: 'App' },
      user: { id: expect.stringMatching(/^[\w-]{43}$/) as string, name: 'ann', displayName: 'ann' },
      pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: 'public-key', alg })),
      timeout: 300_000,
      attestation: 'none',
      authenticatorSelection: {
        residentKey: 'required',
        requireResidentKey: true,
        userVerification: 'required',
      },
      excludeCredentials: [{ type: 'public-key', id: passkey.id, transports: ['internal'] }],
    });
    expect(Buffer.from(options.user.id, 'base64url').toString('latin1')).not.toContain(user.id);
    const again = (await browser.post('/auth/passkeys/options')).body as Creation;
    expect(again.user).toEqual(options.user);
    expect(again.challenge).not.toBe(options.challenge);
  });

  test('is listed, renamed and removed by its user, with an event for each', async () => {
    const browser = await loggedIn('ann');
    const passkey = newPasskey({ synced: true });
    const registered = await app.register(browser, passkey, { name: '  My phone ' });
    const shown = {
      id: passkey.id,
      name: 'My phone',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      lastUsedAt: null,
      backedUp: true,
    };
    expect(registered.body).toEqual({ passkey: shown });
    expect((await browser.get('/auth/passkeys')).body).toEqual({ passkeys: [shown] });
    const path = `/auth/passkeys/${passkey.id}`;
    const renamed = await browser.patch(path).send({ name: 'Work phone' });
    expect(renamed.body).toEqual({ passkey: { ...shown, name: 'Work phone' } });
    await browser.patch(path).send({ name: 'Work phone' });
    for (const name of ['', 'x'.repeat(65), 5, 'a\u0007'])
      expect((await browser.patch(path).send({ name })).body).toMatchObject({ errors: [{ path: 'name' }] });
    expect((await browser.delete(path)).status).toBe(204);
    expect((await browser.delete(path)).body).toEqual(refused('PASSKEY_NOT_FOUND'));
    expect((await browser.patch(path).send({ name: 'x' })).body).toEqual(refused('PASSKEY_NOT_FOUND'));
    expect((await browser.get('/auth/passkeys')).body).toEqual({ passkeys: [] });
    const passkeyId = passkey.id;
    const own = app.events.filter(({ type }) => type.startsWith('passkey'));
    expect(own).toEqual([
      expect.objectContaining({ type: 'passkeyAdded', passkeyId, backedUp: true }),
      expect.objectContaining({ type: 'passkeyRenamed', passkeyId }),
      expect.objectContaining({ type: 'passkeyRemoved', passkeyId }),
    ]);
  });

  test("is no one else's: neither seen, nor renamed, nor removed, nor registered again", async () => {
    const ann = await app.enrolled('ann');
    const bob = await loggedIn('bob');
    expect((await bob.get('/auth/passkeys')).body).toEqual({ passkeys: [] });
    const path = `/auth/passkeys/${ann.passkey.id}`;
    expect((await bob.patch(path).send({ name: 'x' })).body).toEqual(refused('PASSKEY_NOT_FOUND'));
    expect((await bob.delete(path)).body).toEqual(refused('PASSKEY_NOT_FOUND'));
    for (const browser of [bob, ann.browser]) {
      const answer = await app.register(browser, ann.passkey);
      expect([answer.status, answer.body]).toEqual([409, refused('PASSKEY_EXISTS')]);
    }
    expect((await app.login(app.browser(), ann.passkey, { userHandle: undefined })).body).toEqual(INVALID);
  });

  test('is registered only with the right origin, rpId, challenge, session and browser, and by a verified user', async () => {
    const ann = await loggedIn('ann');
    const bob = await loggedIn('bob');
    const ask = async (browser = ann) => (await browser.post('/auth/passkeys/options')).body as Creation;
    const send = async (credential: object, browser = ann) =>
      (await browser.post('/auth/passkeys').send({ credential })).body as object;
    const stale = (await ask(bob)).challenge;
    const login = (await app.ask(ann)).challenge;
    for (const settings of [
      { origin: 'https://evil.example' },
      { rpId: 'evil.example' },
      { challenge: 'A'.repeat(43) },
      { challenge: stale },
      { challenge: login },
      { type: 'webauthn.get' },
      { flags: 0x01 },
      { flags: 0x04 },
      { clientData: { crossOrigin: true } },
    ])
      expect([settings, await send(newPasskey().create(await ask(), settings))]).toEqual([settings, INVALID]);
    // What is sent as the id is not what was signed.
    const passkey = newPasskey();
    const { id } = newPasskey();
    expect(await send({ ...passkey.create(await ask()), id, rawId: id })).toEqual(INVALID);
    // The same user in another session.
    const other = app.browser();
    await app.passwordLogin(other, 'ann');
    expect(await send(newPasskey().create(await ask()), other)).toEqual(INVALID);
    expect((await ann.get('/auth/passkeys')).body).toEqual({ passkeys: [] });
  });

  test('of parallel registrations with one challenge, one wins, and it can not be used again', async () => {
    const browser = await loggedIn('ann');
    const options = (await browser.post('/auth/passkeys/options')).body as Creation;
    const credentials = Array.from({ length: 10 }, () => newPasskey().create(options));
    const answers = await Promise.all(
      credentials.map((credential) => browser.post('/auth/passkeys').send({ credential })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const won = credentials[answers.findIndex(({ status }) => status === 201)];
    expect((await browser.post('/auth/passkeys').send({ credential: won })).body).toEqual(INVALID);
    const { passkeys } = (await browser.get('/auth/passkeys')).body as { passkeys: object[] };
    expect(passkeys).toHaveLength(1);
  });

  test('is registered without cookies by the challengeId', async () => {
    await app.createUser('ann');
    const login = await app
      .client()
      .post('/auth/login')
      .send({ username: 'ann', password: PASSWORD, transport: 'body' });
    const { accessToken } = login.body as { accessToken: string };
    const bearer = { Authorization: `Bearer ${accessToken}` };
    const asked = await app.client().post('/auth/passkeys/options').set(bearer).send({ transport: 'body' });
    const { challengeId, ...options } = asked.body as Creation & { challengeId: string };
    expect(asked.headers['set-cookie']).toBeUndefined();
    const credential = newPasskey().create(options);
    const post = (members: object) =>
      app
        .client()
        .post('/auth/passkeys')
        .set(bearer)
        .send({ credential, ...members });
    expect((await post({})).body).toEqual(INVALID);
    expect((await post({ challengeId })).status).toBe(201);
  });

  test('is registered and removed only by a login younger than five minutes', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    app.clock.forward(301_000);
    const answers = [
      await browser.post('/auth/passkeys/options'),
      await browser.post('/auth/passkeys').send({ credential: {} }),
      await browser.delete(`/auth/passkeys/${passkey.id}`),
    ];
    for (const { status, body } of answers)
      expect([status, body]).toEqual([401, refused('REAUTHENTICATION_REQUIRED')]);
    // The name is for the user only.
    const renamed = await browser.patch(`/auth/passkeys/${passkey.id}`).send({ name: 'Old one' });
    expect(renamed.status).toBe(200);
  });

  test('is the last way in of a user without a password: it stays', async () => {
    const users = new MemoryUserStore();
    const own = passkeyApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() } });
    const { user, browser, passkey } = await own.enrolled('ann');
    const second = newPasskey();
    expect((await own.register(browser, second)).status).toBe(201);
    await users.updatePasswordHash(
      user.id,
      null as never,
      (await users.findById(user.id))?.passwordHash ?? null,
    );
    const fresh = own.browser();
    expect((await own.login(fresh, second)).status).toBe(200);
    // Of two at the same moment, one stays.
    const answers = await Promise.all([
      fresh.delete(`/auth/passkeys/${passkey.id}`),
      fresh.delete(`/auth/passkeys/${second.id}`),
    ]);
    const left = ((await fresh.get('/auth/passkeys')).body as { passkeys: { id: string }[] }).passkeys;
    expect(left.length).toBeGreaterThan(0);
    for (const { status, body } of answers.filter(({ status }) => status !== 204))
      expect([status, body]).toEqual([409, refused('LAST_WAY_IN')]);
    for (const { id } of left.slice(1)) expect((await fresh.delete(`/auth/passkeys/${id}`)).status).toBe(204);
    const last = `/auth/passkeys/${left[0]?.id ?? ''}`;
    const refusal = await fresh.delete(last);
    expect([refusal.status, refusal.body]).toEqual([409, refused('LAST_WAY_IN')]);
    const kept = [passkey, second].find(({ id }) => id === left[0]?.id) ?? passkey;
    const again = own.browser();
    expect((await own.login(again, kept)).status).toBe(200);
    await users.link(user.id, { issuer: 'https://accounts.example.com', subject: '7' });
    expect((await again.delete(last)).status).toBe(204);
    await own.auth.close();
  });

  test('ends every other session when it is removed', async () => {
    const { browser, passkey } = await app.enrolled('ann');
    const other = app.browser();
    expect((await app.login(other, passkey)).status).toBe(200);
    expect((await browser.delete(`/auth/passkeys/${passkey.id}`)).status).toBe(204);
    expect((await other.get('/auth/check')).body).toEqual(refused('SESSION_REVOKED'));
    expect((await browser.get('/auth/check')).status).toBe(200);
  });
});

describe('decoys', () => {
  const names = Array.from({ length: 12 }, (_, index) => `nobody-${index}`);

  test('a name has the same made-up passkeys in every process, and a user without passkeys has some too', async () => {
    const [app, other] = [passkeyApp(), passkeyApp()];
    const ids = new Set<string>();
    let entries = 0;
    for (const username of names) {
      const first = await app.ask(app.browser(), { username });
      const second = await other.ask(other.browser(), { username: ` ${username.toUpperCase()} ` });
      expect(second.allowCredentials).toEqual(first.allowCredentials);
      expect(first.challenge).not.toBe(second.challenge);
      expect(first.allowCredentials).not.toEqual([]);
      entries += first.allowCredentials.length;
      for (const { id } of first.allowCredentials) ids.add(id);
    }
    // No id is that of two names.
    expect(ids.size).toBe(entries);
    expect(entries).toBeGreaterThanOrEqual(names.length);
    const { allowCredentials } = await app.ask(app.browser(), { username: 'ann' });
    await app.createUser('ann');
    expect((await app.ask(app.browser(), { username: 'ann' })).allowCredentials).toEqual(allowCredentials);
    await app.auth.close();
    await other.auth.close();
  });

  test('the answer to a made-up name has the same form, and no passkey answers it', async () => {
    const app = passkeyApp();
    const { passkey } = await app.enrolled('ann');
    const real = await app.browser().post('/auth/login/passkey/options').send({ username: 'ann' });
    const browser = app.browser();
    const decoy = await browser.post('/auth/login/passkey/options').send({ username: 'nobody' });
    const form = ({ status, headers, body }: typeof real) => ({
      status,
      headers: Object.keys(headers),
      members: Object.keys(body as object),
      credential: Object.keys((body as { allowCredentials: object[] }).allowCredentials[0] ?? {}),
    });
    expect(form(decoy)).toEqual(form(real));
    const credential = passkey.get(decoy.body as Parameters<typeof passkey.get>[0]);
    expect((await browser.post('/auth/login/passkey').send({ credential })).body).toEqual(INVALID);
    await app.auth.close();
  });

  test('the stores are asked as often for a name that no user has', async () => {
    const faulty = new FaultyStores({
      users: new MemoryUserStore(),
      refreshTokens: new MemoryRefreshTokenStore(),
    });
    const app = passkeyApp({ stores: faulty.stores });
    await app.enrolled('ann');
    const callsFor = async (username: string) => {
      faulty.heal();
      await app.ask(app.browser(), { username });
      return [...faulty.calls];
    };
    const known = await callsFor('ann');
    expect(known).toContain('users.findByUsername');
    expect(await callsFor('nobody')).toEqual(known);
    await app.auth.close();
  });
});

describe('an answer to a name', () => {
  interface Entry {
    id: string;
    transports: string[];
  }
  const formOf = ({ id, transports }: Entry) =>
    `${Buffer.from(id, 'base64url').length} bytes, ${transports.join('+') || 'no transports'}`;
  const sealer = new TextSealer([createSecretKey(Buffer.from(REFRESH_SECRET))]);
  const unknown = Array.from({ length: 1000 }, (_, index) => decoysOf(sealer, `nobody-${index}`));
  const entries = unknown.flat();
  const share = (isIt: (list: Entry[]) => boolean) => unknown.filter(isIt).length / unknown.length;

  test('of 1,000 unknown names some have several passkeys, and of each kind that users have', () => {
    expect(share((list) => list.length === 1)).toBeCloseTo(0.75, 1);
    expect(share((list) => list.length === 2)).toBeCloseTo(0.19, 1);
    expect(share((list) => list.length > 2)).toBeGreaterThan(0.03);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    const counts = new Map<string, number>();
    for (const entry of entries) counts.set(formOf(entry), (counts.get(formOf(entry)) ?? 0) + 1);
    const shares = Object.fromEntries([...counts].map(([form, count]) => [form, count / entries.length]));
    const expected = {
      '20 bytes, hybrid+internal': 0.28,
      '16 bytes, hybrid+internal': 0.26,
      '32 bytes, hybrid+internal': 0.08,
      '32 bytes, internal': 0.12,
      '16 bytes, internal': 0.11,
      '48 bytes, nfc+usb': 0.05,
      '64 bytes, nfc+usb': 0.04,
      '16 bytes, no transports': 0.04,
      '32 bytes, no transports': 0.02,
    };
    expect(Object.keys(shares).sort()).toEqual(Object.keys(expected).sort());
    // Three standard deviations of the largest share.
    for (const [form, is] of Object.entries(expected))
      expect([form, Math.abs((shares[form] ?? 0) - is) < 0.045]).toEqual([form, true]);
  });

  test.each<[what: string, passkeys: [bytes: number, transports: unknown][]]>([
    ['one passkey of a device', [[32, ['internal']]]],
    ['one whose browser says nothing of transports', [[16, undefined]]],
    ['one with an empty list', [[32, []]]],
    ['one with transports in another order', [[20, ['internal', 'hybrid']]]],
    ['one with transports that no decoy has', [[48, ['ble', 'smart-card', 'usb']]]],
    [
      'two passkeys',
      [
        [20, ['hybrid', 'internal']],
        [16, ['hybrid', 'internal']],
      ],
    ],
    [
      'three',
      [
        [32, ['internal']],
        [16, ['hybrid', 'internal']],
        [20, ['hybrid']],
      ],
    ],
  ])('of a user with %s looks as one of an unknown name may', async (_what, having) => {
    const app = passkeyApp();
    const browser = app.browser();
    await app.createUser('ann');
    await app.passwordLogin(browser, 'ann');
    for (const [idBytes, transports] of having) {
      const asked = (await browser.post('/auth/passkeys/options')).body as never;
      const credential = new SoftwarePasskey({ origin: ORIGIN, idBytes }).create(asked);
      credential.response['transports'] = transports;
      expect((await browser.post('/auth/passkeys').send({ credential })).status).toBe(201);
    }
    const { allowCredentials } = await app.ask(app.browser(), { username: 'ann' });
    expect(allowCredentials).toHaveLength(having.length);
    expect(unknown.filter((list) => list.length === having.length).length).toBeGreaterThan(20);
    const known = new Set(entries.map(formOf));
    for (const form of allowCredentials.map(formOf)) expect(known).toContain(form);
    await app.auth.close();
  });
});

describe('options', () => {
  const options = { rpId: RP_ID, rpName: 'App', origins: ORIGIN };

  test.each([
    [{ rpId: 'https://example.com' }, 'rpId must be a domain'],
    [{ rpId: 'Example.com' }, 'rpId must be a domain'],
    [{ rpId: '127.0.0.1' }, 'An IP address can have no passkeys'],
    [{ rpId: 'example.com:8443' }, 'rpId must be a domain'],
    [{ rpName: '' }, 'rpName must have 1 to 64 characters'],
    [{ rpName: ' ' }, 'rpName must be a name'],
    [{ origins: [] }, 'origins'],
    [{ origins: 'https://app.example.com/' }, 'which is no origin'],
    [{ origins: 'app.example.com' }, 'which is no origin'],
    [{ origins: 'http://app.example.com' }, 'use https:'],
    [{ origins: 'https://app.example.org' }, 'neither on example.com nor on a subdomain'],
    [{ origins: 'https://badexample.com' }, 'neither on example.com nor on a subdomain'],
    [{ counter: 'ignore' }, 'counter'],
    [{ rpID: RP_ID }, 'Unknown option rpID'],
  ])('%j is a TypeError that names the option', (wrong, message) => {
    expect(() => passkeyApp({ passkeys: wrong as object })).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(message) as string }),
    );
  });

  test.each([
    [options],
    [{ ...options, origins: [ORIGIN, 'https://example.com', `android:apk-key-hash:${'A'.repeat(43)}`] }],
    [{ rpId: 'localhost', rpName: '앱', origins: 'http://localhost:3000' }],
  ])('%j is taken', async (good) => {
    await passkeyApp({ passkeys: good }).auth.close();
  });
});
