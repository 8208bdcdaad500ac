import { Pool } from 'pg';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../../src/index';
import { PasswordHasher } from '../../../src/accounts/password-hasher';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix } from '../../helpers/apps/backends';
import { passwordHash } from '../../helpers/apps/limited-app';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';

const NEW_PASSWORD = 'another stapler 4 you';
const limits = { logins: { successes: 5 } };

let users: MemoryUserStore;
beforeEach(async () => {
  users = new MemoryUserStore();
  for (const username of ['ann', 'bob']) await users.create({ username, passwordHash });
});

const login = ({ client }: TestApp, username: string, password = PASSWORD) =>
  client().post('/auth/login').send({ username, password });

type TwoStores = { stores: [RefreshTokenStore, RefreshTokenStore]; close: () => Promise<void> };

/** Two processes have a connection each to one server. */
const backends: Record<string, () => Promise<TwoStores>> = {
  Redis() {
    const clients = [connectRedis(), connectRedis()] as const;
    const keyPrefix = randomPrefix();
    return Promise.resolve({
      stores: [
        new RedisRefreshTokenStore(clients[0], { keyPrefix }),
        new RedisRefreshTokenStore(clients[1], { keyPrefix }),
      ],
      close: () => Promise.resolve(clients.forEach((client) => client.disconnect())),
    });
  },
  async PostgreSQL() {
    const database = await createDatabase();
    const pool = new Pool({ connectionString: database.url });
    const stores = [
      new PostgresRefreshTokenStore(database.pool),
      new PostgresRefreshTokenStore(pool),
    ] as const;
    await stores[0].migrate();
    return {
      stores: [...stores],
      async close() {
        await pool.end();
        await database.close();
      },
    };
  },
};

/** One process: another one would count for itself. */
const inMemory = () =>
  Promise.resolve({ stores: [new MemoryRefreshTokenStore()], close: () => Promise.resolve() });

test.each(Object.entries(backends))(
  'of 100 right logins of a user that come at once at two processes, as many succeed as the limit allows: %s',
  async (_name, open) => {
    const { stores, close } = await open();
    const apps = stores.map((refreshTokens) =>
      createTestApp({ users, refreshTokens, limits: { ...limits, username: false, address: false } }),
    );
    const locked: unknown[] = [];
    for (const { auth } of apps) auth.events.on('locked', (event) => locked.push(event));
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => login(apps[index % 2] as TestApp, 'ann')),
    );
    const answered = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect(answered(200)).toBeLessThanOrEqual(5);
    // On a busy machine the store may take longer than it has. A 503 counts as no login.
    expect(answered(200) + answered(503)).toBeGreaterThanOrEqual(5);
    expect(answered(200) + answered(429) + answered(503)).toBe(100);
    expect(locked).toHaveLength(answered(429));
    expect(locked[0]).toMatchObject({ limit: 'logins', key: 'ann' });
    expect((await login(apps[0] as TestApp, 'bob')).status).toBe(200);
    for (const { auth } of apps) await auth.close();
    await close();
  },
);

test.each([...Object.entries(backends), ['memory', inMemory] as const])(
  'guesses that strangers make at once, and that nothing has judged yet, leave the user all right logins: %s',
  async (_name, open) => {
    const { stores, close } = await open();
    const options = { users, limits: { ...limits, username: false, address: false } } as const;
    const apps = stores.map((refreshTokens) => createTestApp({ ...options, refreshTokens }));
    const logInAt = (n: number, password?: string) =>
      login(apps[n % apps.length] as TestApp, 'ann', password);
    let judge = () => {};
    const judged = new Promise<void>((resolve) => (judge = resolve));
    const verify = PasswordHasher.prototype.verify.bind(new PasswordHasher(4));
    const spy = jest.spyOn(PasswordHasher.prototype, 'verify').mockImplementation(async (typed, stored) => {
      if (typed === 'wrong') await judged;
      return verify(typed, stored);
    });
    const waiting = () => spy.mock.calls.filter(([typed]) => typed === 'wrong').length;
    const guesses = Promise.all(Array.from({ length: 20 }, (_, n) => logInAt(n, 'wrong')));
    await eventually('all guesses wait', () => Promise.resolve(waiting() === 20));
    const answers = [];
    for (let n = 0; n < 6; n += 1) answers.push(await logInAt(n));
    judge();
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    for (const answer of await guesses) expectFailure(answer, 'INVALID_CREDENTIALS');
    spy.mockRestore();
    for (const { auth } of apps) await auth.close();
    await close();
  },
);

describe('right passwords of one user', () => {
  let testApp: TestApp;
  const open = (more = {}) => {
    const refreshTokens = new MemoryRefreshTokenStore();
    testApp = createTestApp({ users, refreshTokens, limits: { ...limits, ...more } });
    testApp.app.set('trust proxy', true);
  };
  afterEach(() => testApp.auth.close());

  const loginFrom = (ip: string, password?: string) =>
    login(testApp, 'ann', password).set('X-Forwarded-For', ip);
  const change = (
    browser: Awaited<ReturnType<TestApp['loggedIn']>>,
    currentPassword: string,
    newPassword: string,
  ) => browser.post('/auth/password').send({ currentPassword, newPassword });

  test('count together, from all addresses, before the password is hashed', async () => {
    open();
    for (let n = 1; n <= 5; n += 1) expect((await loginFrom(`192.0.2.${n}`)).status).toBe(200);
    const verify = jest.spyOn(PasswordHasher.prototype, 'verify');
    const refused = await loginFrom('192.0.2.6');
    expectFailure(refused, 'TOO_MANY_ATTEMPTS');
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(verify).not.toHaveBeenCalled();
    verify.mockRestore();
  });

  test('count at POST /password too, where a right password is changed to and fro', async () => {
    open();
    let passwords: [string, string] = [PASSWORD, NEW_PASSWORD];
    const browser = await testApp.loggedIn('ann');
    for (let n = 0; n < 5; n += 1) {
      expect((await change(browser, ...passwords)).status).toBe(200);
      passwords = [passwords[1], passwords[0]];
    }
    expectFailure(await change(browser, ...passwords), 'TOO_MANY_ATTEMPTS');
    expectFailure(await login(testApp, 'ann', passwords[0]), 'TOO_MANY_ATTEMPTS');
  });

  test("don't count when they are wrong, so a stranger can't use them up", async () => {
    open({ username: false, address: false });
    for (let n = 0; n < 12; n += 1)
      expectFailure(await loginFrom('203.0.113.7', 'wrong'), 'INVALID_CREDENTIALS');
    for (let n = 0; n < 5; n += 1) expect((await loginFrom('192.0.2.1')).status).toBe(200);
  });

  test('are not limited where the limit is switched off', async () => {
    open({ logins: false });
    for (let n = 0; n < 80; n += 1) expect((await loginFrom('192.0.2.1')).status).toBe(200);
  });
});

describe('POST /password', () => {
  let testApp: TestApp;
  afterEach(() => testApp.auth.close());

  test('shares the limit on wrong passwords of an address with the login', async () => {
    testApp = createTestApp({ users, limits: { address: { failures: 3 } } });
    const browser = await testApp.loggedIn('ann');
    const change = (currentPassword: string) =>
      browser.post('/auth/password').send({ currentPassword, newPassword: NEW_PASSWORD });
    for (let n = 0; n < 2; n += 1) expectFailure(await change('wrong'), 'INVALID_CREDENTIALS');
    expectFailure(await login(testApp, 'bob', 'wrong'), 'INVALID_CREDENTIALS');
    expectFailure(await change(PASSWORD), 'TOO_MANY_ATTEMPTS');
    expectFailure(await login(testApp, 'bob'), 'TOO_MANY_ATTEMPTS');
  });

  test('refuses the username as the new password before anything is hashed or counted', async () => {
    testApp = createTestApp({ users, limits: { password: { failures: 1 } } });
    const name = 'a name of twelve letters';
    await users.create({ username: name, passwordHash });
    const browser = await testApp.loggedIn(name);
    const verify = jest.spyOn(PasswordHasher.prototype, 'verify');
    for (const currentPassword of [PASSWORD, 'wrong', PASSWORD])
      expectFailure(
        await browser.post('/auth/password').send({ currentPassword, newPassword: name }),
        'VALIDATION_FAILED',
        ['newPassword'],
      );
    expect(verify).not.toHaveBeenCalled();
    verify.mockRestore();
  });
});
