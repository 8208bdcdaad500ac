import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type CredentialStore,
  type NewCredential,
  type StoredUser,
} from '../../../src/index';
import { EACH_STORES, type OpenStores } from '../../helpers/apps/feature-stores';
import { Authenticator, enrolIn, refused, type Browser } from '../second-factor/factor-app';
import { newPasskey, passkeyApp, type PasskeyApp } from './passkey-app';

const TOO_MANY = refused('TOO_MANY_FACTORS');
type Creation = Parameters<ReturnType<typeof newPasskey>['create']>[0];

const credentialFor = async (browser: Browser) => {
  const asked = await browser.post('/auth/passkeys/options');
  expect([asked.status, asked.body]).toEqual([200, expect.anything()]);
  return newPasskey().create(asked.body as Creation);
};

const add = (browser: Browser, credential: object) => browser.post('/auth/passkeys').send({ credential });

describe.each(EACH_STORES)('a user has ten factors at most, on %s', (_name, open) => {
  let stores: OpenStores;

  beforeAll(async () => {
    stores = await open();
  });

  afterAll(() => stores.close());

  const countOf = async (browser: Browser, path: 'factors' | 'passkeys') => {
    const { body } = await browser.get(`/auth/${path}`);
    return (body as Record<string, object[]>)[path]?.length;
  };
  const register = async (app: PasskeyApp, browser: Browser, count: number) => {
    for (let at = 0; at < count; at += 1)
      expect((await app.register(browser, newPasskey())).status).toBe(201);
  };

  test('of parallel answers to 20 challenges none is one too many', async () => {
    const app = passkeyApp({ stores });
    await app.createUser('ann');
    const browser = app.browser();
    await app.passwordLogin(browser, 'ann');
    await register(app, browser, 8);
    const credentials: object[] = [];
    for (let at = 0; at < 20; at += 1) credentials.push(await credentialFor(browser));
    const answers = await Promise.all(credentials.map((credential) => add(browser, credential)));
    for (const { status, body } of answers.filter((each) => each.status !== 201))
      expect([status, body]).toEqual([409, TOO_MANY]);
    const count = (await countOf(browser, 'passkeys')) as number;
    expect(count).toBe(8 + answers.filter(({ status }) => status === 201).length);
    expect(count).toBe(10);
    // What was refused is gone.
    const { id } = (await stores.users.findByUsername('ann')) as StoredUser;
    expect(await stores.users.credentials?.().list(id, 'passkey')).toHaveLength(10);
    expect((await browser.post('/auth/passkeys/options')).body).toEqual(TOO_MANY);
    await app.auth.close();
  });

  test('authenticator apps count too, and so do passkeys when one is enrolled', async () => {
    const app = passkeyApp({ stores, factor: true });
    const { passkey } = await app.enrolled('bob');
    const browser = app.browser();
    await app.login(browser, passkey);
    await enrolIn(browser, app.clock);
    const started = (await browser.post('/auth/factors/totp')).body as { id: string; secret: string };
    await register(app, browser, 7);
    const waiting = await credentialFor(browser);
    const last = await credentialFor(browser);
    expect((await add(browser, last)).status).toBe(201);
    expect((await browser.post('/auth/passkeys/options')).body).toEqual(TOO_MANY);
    expect((await browser.post('/auth/factors/totp')).body).toEqual(TOO_MANY);
    const other = app.browser();
    await app.login(other, passkey);
    expect((await add(browser, waiting)).body).toEqual(TOO_MANY);
    const confirmation = { id: started.id, code: '123456' };
    expect((await browser.post('/auth/factors/totp/confirm').send(confirmation)).body).toEqual(TOO_MANY);
    // A refusal changes nothing: no session ends.
    expect((await other.get('/auth/check')).status).toBe(200);
    expect(await countOf(browser, 'factors')).toBe(10);
    await app.auth.close();
  });
});

/** A store that does something before and after it adds this credential. */
class SlowUserStore extends MemoryUserStore {
  slow = '';
  before = (): Promise<void> => Promise.resolve();
  after = (): Promise<void> => Promise.resolve();

  override credentials(): CredentialStore {
    const store = super.credentials();
    const add = async (credential: NewCredential) => {
      if (credential.kind !== this.slow) return store.add(credential);
      this.slow = '';
      await this.before();
      const isAdded = await store.add(credential);
      await this.after();
      return isAdded;
    };
    const bound = (value: unknown) => (typeof value === 'function' ? (value.bind(store) as object) : value);
    return new Proxy(store, {
      get: (_store, name) => (name === 'add' ? add : bound(Reflect.get(store, name))),
    });
  }
}

describe('of two logins without a factor that add one at the same moment, the second leaves no session', () => {
  let users: SlowUserStore;
  let app: PasskeyApp;

  beforeEach(() => {
    users = new SlowUserStore();
    app = passkeyApp({ stores: { users, refreshTokens: new MemoryRefreshTokenStore() }, factor: true });
  });

  afterEach(() => app.auth.close());

  test('by its passkey', async () => {
    const { id } = await app.createUser('ann');
    const [owner, thief, outside] = [app.browser(), app.browser(), app.browser()];
    await app.passwordLogin(owner, 'ann');
    await app.passwordLogin(thief, 'ann');
    const ofOwner = await credentialFor(owner);
    const passkey = newPasskey();
    const ofThief = passkey.create((await thief.post('/auth/passkeys/options')).body as Creation);
    Object.assign(users, {
      slow: 'passkey',
      before: async () => expect((await add(owner, ofOwner)).status).toBe(201),
      after: async () => expect((await app.login(outside, passkey)).body).toEqual(refused('INVALID_PASSKEY')),
    });
    expect((await add(thief, ofThief)).body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    expect(await app.auth.sessions.list(id)).toEqual([]);
    expect((await app.login(outside, passkey)).body).toEqual(refused('INVALID_PASSKEY'));
    expect(await users.credentials().list(id, 'passkey')).toHaveLength(1);
  });

  test('by its authenticator app', async () => {
    const { id } = await app.createUser('ann');
    const [owner, thief, outside] = [app.browser(), app.browser(), app.browser()];
    await app.passwordLogin(owner, 'ann');
    await app.passwordLogin(thief, 'ann');
    const ofOwner = await credentialFor(owner);
    const started = await thief.post('/auth/factors/totp');
    const authenticator = new Authenticator(started.body as { id: string; uri: string }, app.clock);
    const confirmation = { id: authenticator.id, code: authenticator.code() };
    Object.assign(users, {
      slow: 'totp',
      before: async () => expect((await add(owner, ofOwner)).status).toBe(201),
      after: async () => {
        expect((await app.passwordLogin(outside, 'ann')).status).toBe(401);
        const body = { code: authenticator.nextCode() };
        const step = await outside.post('/auth/login/second-factor').send(body);
        expect(step.body).toEqual(refused('INVALID_SECOND_FACTOR'));
      },
    });
    const answer = await thief.post('/auth/factors/totp/confirm').send(confirmation);
    expect(answer.body).toEqual(refused('REAUTHENTICATION_REQUIRED'));
    expect(await app.auth.sessions.list(id)).toEqual([]);
    expect(await users.credentials().list(id, 'totp')).toEqual([]);
  });
});
