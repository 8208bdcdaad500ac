import { randomUUID } from 'node:crypto';
import { AuthError, type StoredUser } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { quickHash } from '../../helpers/apps/quick-passwords';
import type { SoftwarePasskey } from '../../helpers/browsers/software-authenticator';
import { Authenticator, refused, type Browser } from '../second-factor/factor-app';
import { FaultyStores } from '../second-factor/faulty-stores';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkey-app';

const INVALID = [401, refused('INVALID_PASSKEY')];
const DOWN = [503, refused('SERVICE_UNAVAILABLE')];
const MINUTE = 60_000;

describe.each(EACH_STORES)('a registration that something comes in between, on %s', (_name, open) => {
  let stores: OpenStores;
  let faulty: FaultyStores;
  let app: PasskeyApp;
  let ann: StoredUser;
  let browser: Browser;

  beforeAll(async () => {
    stores = await open();
    faulty = new FaultyStores(stores);
  });

  afterAll(() => stores.close());

  const begin = async (factor: boolean) => {
    app = passkeyApp({ stores: faulty.stores, factor });
    ann = await app.createUser(`ann-${randomUUID()}`);
    browser = app.browser();
    await app.passwordLogin(browser, ann.username);
  };
  afterEach(() => app.auth.close());

  const newCredential = async (passkey = newPasskey()) => {
    const { body } = await browser.post('/auth/passkeys/options');
    return passkey.create(body as Parameters<SoftwarePasskey['create']>[0]);
  };
  const register = async (credential: object, by = browser) => {
    const { status, body } = await by.post('/auth/passkeys').send({ credential });
    return [status, body as unknown];
  };
  const stored = async () => (await stores.users.credentials!().list(ann.id, 'passkey')).length;
  const proveAgain = async () => {
    expect((await browser.post('/auth/reauthenticate').send({ password: PASSWORD })).status).toBe(200);
  };
  /** A registration whose passkey is stored, and no factor yet. */
  const interrupt = async (credential: object) => {
    faulty.before('credentials.add', () => Promise.resolve(faulty.failAt(0, 'before')));
    expect(await register(credential)).toEqual(DOWN);
    faulty.heal();
    expect(await stored()).toBe(1);
  };

  test.each([
    ['alone', false],
    ['with secondFactor', true],
  ])('leaves no passkey when the session has ended (%s)', async (_with, factor) => {
    await begin(factor);
    const credential = await newCredential();
    faulty.before('credentials.add', () => app.auth.sessions.revokeAll(ann.id));
    expect(await register(credential)).toEqual([401, refused('SESSION_REVOKED')]);
    expect(await stored()).toBe(0);
    expect((await app.passwordLogin(app.browser(), ann.username)).status).toBe(200);
  });

  test('is refused after a new password, before and after its passkey is stored', async () => {
    await begin(false);
    const [credential, next] = [await newCredential(), await newCredential()];
    await interrupt(credential);
    expect(await stores.users.updatePasswordHash(ann.id, quickHash('another'), ann.passwordHash)).toBe(true);
    for (const each of [credential, next]) expect(await register(each)).toEqual(INVALID);
    expect((await browser.get('/auth/passkeys')).body).toEqual({ passkeys: [] });
  });

  test('is finished by the same request in no other session, and by no one when its time is over', async () => {
    await begin(true);
    const credential = await newCredential();
    await interrupt(credential);
    const other = app.browser();
    await app.passwordLogin(other, ann.username);
    expect(await register(credential, other)).toEqual(INVALID);
    app.clock.forward(6 * MINUTE);
    await proveAgain();
    expect(await register(credential)).toEqual(INVALID);
    // The next one cleans up.
    const [status] = await register(await newCredential());
    expect([status, await stored()]).toEqual([201, 1]);
  });

  test('leaves a passkey to the removal that an outage has stopped', async () => {
    await begin(false);
    const credential = await newCredential();
    const { id } = credential as { id: string };
    // Its last step, after that which settles the factor, so the passkey keeps its mark.
    faulty.before('credentials.replace', () => {
      faulty.before('credentials.replace', () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE')));
      return Promise.resolve();
    });
    expect((await register(credential))[0]).toBe(201);
    app.clock.forward(6 * MINUTE);
    expect((await app.passwordLogin(browser, ann.username)).status).toBe(200);
    const other = app.browser();
    await app.passwordLogin(other, ann.username);
    faulty.before('sessions.revokeAll', () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE')));
    expect((await browser.delete(`/auth/passkeys/${id}`)).status).toBe(503);
    await newCredential();
    expect((await browser.delete(`/auth/passkeys/${id}`)).status).toBe(204);
    expect((await other.get('/auth/check')).status).toBe(401);
    const removed = app.events.filter(({ type }) => type === 'passkeyRemoved');
    expect([removed.length, await stored()]).toEqual([1, 0]);
  });

  test.each(['/auth/passkeys/options', '/auth/factors/totp'])(
    'of both kinds leaves nothing behind when its time is over (POST %s)',
    async (path) => {
      await begin(true);
      await interrupt(await newCredential());
      const { body } = await browser.post('/auth/factors/totp');
      const authenticator = new Authenticator(body as { id: string; uri: string }, app.clock);
      faulty.before('credentials.add', () => Promise.resolve(faulty.failAt(0, 'before')));
      const confirmation = { id: authenticator.id, code: authenticator.code() };
      expect((await browser.post('/auth/factors/totp/confirm').send(confirmation)).status).toBe(503);
      faulty.heal();
      const kinds = async () => (await stores.users.credentials!().list(ann.id)).map(({ kind }) => kind);
      expect(await kinds()).toEqual(['passkey', 'totp']);
      app.clock.forward(11 * MINUTE);
      await proveAgain();
      expect((await browser.post(path)).ok).toBe(true);
      expect(await kinds()).toEqual([]);
    },
  );

  test('is finished in time where the clocks of the two stores differ', async () => {
    await begin(true);
    app.clock.forward(6 * MINUTE);
    await proveAgain();
    const credential = await newCredential();
    await interrupt(credential);
    expect((await register(credential))[0]).toBe(201);
  });

  test('is finished by the same request in time', async () => {
    await begin(true);
    const credential = await newCredential();
    await interrupt(credential);
    app.clock.forward(2 * MINUTE);
    expect(await register(credential)).toMatchObject([201, { recoveryCodes: expect.any(Array) as unknown }]);
    expect(await register(credential)).toEqual(INVALID);
  });
});
