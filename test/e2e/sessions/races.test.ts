import { hashSync } from 'bcryptjs';
import { AuthError, MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';

const NEW_PASSWORD = 'another phrase 42';

/** Stores with hooks, which run another request or an outage in the middle of the next call. */
class HookedUsers extends MemoryUserStore {
  beforeFind: (() => Promise<void>) | undefined;

  override async findByUsername(username: string) {
    const hook = this.beforeFind;
    this.beforeFind = undefined;
    await hook?.();
    return super.findByUsername(username);
  }
}

class HookedSessions extends MemoryRefreshTokenStore {
  beforeCreate: (() => Promise<void>) | undefined;
  afterRevoke: (() => Promise<void>) | undefined;

  override async create(session: Parameters<MemoryRefreshTokenStore['create']>[0]) {
    const hook = this.beforeCreate;
    this.beforeCreate = undefined;
    await hook?.();
    return super.create(session);
  }

  override async revoke(userId: string, sessionId: string) {
    const existed = await super.revoke(userId, sessionId);
    await this.#runAfterRevoke();
    return existed;
  }

  override async revokeAll(userId: string, options?: { except?: string }) {
    const ended = await super.revokeAll(userId, options);
    await this.#runAfterRevoke();
    return ended;
  }

  /** The session has ended in the store, but the response may get lost. */
  async #runAfterRevoke() {
    const hook = this.afterRevoke;
    this.afterRevoke = undefined;
    await hook?.();
  }
}

const outage = () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));

let users: HookedUsers;
let refreshTokens: HookedSessions;
let testApp: TestApp;
let userId: string;

beforeEach(async () => {
  users = new HookedUsers();
  refreshTokens = new HookedSessions();
  testApp = createTestApp({ users, refreshTokens, revocation: 'expiry' });
  ({ id: userId } = await testApp.register('ann'));
});
afterEach(() => testApp.auth.close());

const login = (password: string) => testApp.client().post('/auth/login').send({ username: 'ann', password });
const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

describe('a login', () => {
  test('gets no session with the old password when the password changes meanwhile', async () => {
    const browser = await testApp.loggedIn('ann');
    refreshTokens.beforeCreate = async () => {
      expect((await browser.post('/auth/password').send(change)).status).toBe(200);
    };
    expect((await login(PASSWORD)).body.code).toBe('INVALID_CREDENTIALS');
    expect(await refreshTokens.list(userId)).toHaveLength(1);
    expect((await browser.post('/auth/refresh')).status).toBe(200);
  });

  test.each([
    ['is disabled', () => users.update(userId, { disabled: true })],
    ['is deleted', () => users.delete(userId)],
  ])('gets no session when the user %s meanwhile', async (_what, end) => {
    refreshTokens.beforeCreate = async () => {
      await end();
    };
    expect((await login(PASSWORD)).body.code).toBe('INVALID_CREDENTIALS');
    expect(await refreshTokens.list(userId)).toEqual([]);
  });
});

test('when two devices change the password at once, one wins and keeps its session', async () => {
  const devices = [await testApp.loggedIn('ann'), await testApp.loggedIn('ann')] as const;
  const answers = await Promise.all(
    devices.map((device, n) =>
      device.post('/auth/password').send({ ...change, newPassword: `${NEW_PASSWORD} of ${n}` }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  const winner = answers.findIndex(({ status }) => status === 200);
  expect((await login(`${NEW_PASSWORD} of ${winner}`)).status).toBe(200);
  expect((await devices[winner as 0 | 1].post('/auth/refresh')).status).toBe(200);
  expect((await devices[(1 - winner) as 0 | 1].post('/auth/refresh')).status).toBe(401);
});

test('a password change during an outage is undone, and when repeated it ends the other sessions', async () => {
  const browser = await testApp.loggedIn('ann');
  const other = await testApp.loggedIn('ann');
  refreshTokens.afterRevoke = outage;
  expect((await browser.post('/auth/password').send(change)).status).toBe(503);
  expect((await login(PASSWORD)).status).toBe(200);
  expect((await browser.post('/auth/password').send(change)).status).toBe(200);
  expect((await other.post('/auth/refresh')).body.code).toBe('SESSION_NOT_FOUND');
  expect((await login(NEW_PASSWORD)).status).toBe(200);
});

describe('a request that ends a session and whose response got lost', () => {
  test.each(['logout', 'logout-all'])(
    '%s: 503, and when repeated it ends the access token too',
    async (name) => {
      const { accessToken } = await testApp.tokensOf('ann');
      const send = (verb: 'get' | 'post', path: string) =>
        testApp.client()[verb](path).set('Authorization', `Bearer ${accessToken}`);
      refreshTokens.afterRevoke = outage;
      expect((await send('post', `/auth/${name}`)).status).toBe(503);
      expect((await send('get', '/profile')).status).toBe(200); // the session doesn't count as ended yet
      expect((await send('post', `/auth/${name}`)).status).toBe(200);
      expect((await send('get', '/profile')).body.code).toBe('SESSION_REVOKED');
    },
  );

  test('one session: 503, then 404, and its access token is refused', async () => {
    const browser = await testApp.loggedIn('ann');
    const { accessToken } = await testApp.tokensOf('ann');
    const profile = () => testApp.client().get('/profile').set('Authorization', `Bearer ${accessToken}`);
    const { sessionId } = (await profile()).body as { sessionId: string };
    refreshTokens.afterRevoke = outage;
    expect((await browser.delete(`/auth/sessions/${sessionId}`)).status).toBe(503);
    expect((await browser.delete(`/auth/sessions/${sessionId}`)).status).toBe(404);
    expect((await profile()).body.code).toBe('SESSION_REVOKED');
  });

  test("the id of another user's session: that user stays logged in", async () => {
    await testApp.register('bob');
    const bob = await testApp.loggedIn('bob');
    const { sessionId } = (await bob.get('/profile')).body as { sessionId: string };
    const ann = await testApp.loggedIn('ann');
    refreshTokens.afterRevoke = outage;
    expect((await ann.delete(`/auth/sessions/${sessionId}`)).status).toBe(503);
    expect((await bob.get('/profile')).status).toBe(200);
  });
});

test('parallel logins that all update an old hash all succeed', async () => {
  const { id } = await users.create({ username: 'old', passwordHash: hashSync(PASSWORD, 4) });
  const old = () => testApp.client().post('/auth/login').send({ username: 'old', password: PASSWORD });
  const answers = await Promise.all([old(), old(), old()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await users.findById(id))?.passwordHash).toMatch(/^\$2b\$10\$/);
});

test('an outage does not count as a guess: after nine failures and a 503 the right password logs in', async () => {
  for (let n = 0; n < 9; n += 1) expect((await login('wrong')).status).toBe(401);
  users.beforeFind = outage;
  expect((await login(PASSWORD)).status).toBe(503);
  expect((await login(PASSWORD)).status).toBe(200);
});
