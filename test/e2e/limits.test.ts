import { hashSync } from 'bcryptjs';
import { MemoryUserStore, type AuthOptions } from '../../src';
import {
  createRealStores,
  createTestApp,
  PASSWORD,
  type RealStores,
  type TestApp,
  type TestOptions,
} from '../helpers/app';
import { expectFailure } from '../helpers/failures';

const passwordHash = hashSync(PASSWORD, 10);
const NEW_PASSWORD = 'another stapler 4 you';

/** Runs an app. Counters are in memory unless `options` have stores. `trustProxy`: what the app trusts in front of it. */
async function withApp(
  options: TestOptions,
  use: (testApp: TestApp) => Promise<void>,
  trustProxy: boolean | number = false,
) {
  const testApp = createTestApp(options);
  testApp.app.set('trust proxy', trustProxy);
  await use(testApp);
  await testApp.auth.close();
  expect(testApp.unforeseen).toEqual([]);
}

const times = <T>(count: number, act: (index: number) => PromiseLike<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));
const login = (testApp: TestApp, username: string, password: string, forwardedFor = '192.0.2.1') =>
  testApp.client().post('/auth/login').set('X-Forwarded-For', forwardedFor).send({ username, password });

describe('on real servers', () => {
  let stores: RealStores;
  beforeEach(async () => {
    stores = await createRealStores();
  });
  afterEach(() => stores.close());

  test('10 wrong current passwords lock /password for that user only', async () => {
    for (const username of ['ann', 'bob']) await stores.options.users.create({ username, passwordHash });
    await withApp(stores.options, async (testApp) => {
      const [ann, annElsewhere, bob] = [
        await testApp.loggedIn('ann'),
        await testApp.loggedIn('ann'),
        await testApp.loggedIn('bob'),
      ];
      const change = (browser: typeof ann, currentPassword: string) =>
        browser.post('/auth/password').send({ currentPassword, newPassword: NEW_PASSWORD });
      for (const response of await times(10, () => change(ann, 'wrong'))) {
        expectFailure(response, 'INVALID_CREDENTIALS');
      }
      for (const browser of [ann, annElsewhere]) {
        const response = await change(browser, PASSWORD);
        expectFailure(response, 'TOO_MANY_ATTEMPTS');
        expect(Number(response.headers['retry-after'])).toBeGreaterThan(30);
        expect(response.headers['set-cookie']).toBeUndefined();
      }
      expect((await change(bob, PASSWORD)).status).toBe(200);
      expect((await login(testApp, 'ann', PASSWORD)).status).toBe(200);
    });
  });

  test('the 11th registration in an hour from one address has to wait', async () => {
    await withApp(stores.options, async (testApp) => {
      const register = (index: number) =>
        testApp
          .client()
          .post('/auth/register')
          .send({ username: `user ${index}`, password: PASSWORD });
      const responses = await times(10, register);
      expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(201));
      const response = await register(11);
      expectFailure(response, 'TOO_MANY_ATTEMPTS');
      expect(Number(response.headers['retry-after'])).toBeGreaterThan(3500);
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(3600);
      expect(await stores.options.users.findByUsername('user 11')).toBeUndefined();
    });
  });

  test('after 50 failures in a minute from one address, with any usernames, the next attempt has to wait', async () => {
    await stores.options.users.create({ username: 'ann', passwordHash });
    await withApp(stores.options, async (testApp) => {
      // A client can send any X-Forwarded-For. Without a trusted proxy it is ignored.
      const guess = (index: number) => login(testApp, `user ${index}`, 'wrong', `192.0.2.${index}`);
      for (const response of await times(50, guess)) expectFailure(response, 'INVALID_CREDENTIALS');
      for (const [username, password] of [
        ['user 51', 'wrong'],
        ['ann', PASSWORD],
      ] as const) {
        const response = await login(testApp, username, password, '198.51.100.7');
        expectFailure(response, 'TOO_MANY_ATTEMPTS');
        expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
      }
    });
  });
});

describe('addresses behind a trusted proxy', () => {
  const limits = { address: { failures: 2 } };

  test.each([
    ['the same IPv4 address', '192.0.2.1', '192.0.2.1', 429],
    ['another IPv4 address', '192.0.2.1', '192.0.2.2', 401],
    ['IPv4 written as IPv6', '192.0.2.1', '::ffff:192.0.2.1', 429],
    ['the same /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', 429],
    ['the next /64', '2001:db8:1:2::1', '2001:db8:1:3::1', 401],
  ])('%s: %s, then %s', async (_what, first, second, status) => {
    const use = async (testApp: TestApp) => {
      await times(2, (index) => login(testApp, `user ${index}`, 'wrong', first));
      expect((await login(testApp, 'user 3', 'wrong', second)).status).toBe(status);
    };
    await withApp({ limits }, use, true);
  });

  test('behind one proxy, the address that the proxy saw counts, not what the client claims', async () => {
    const guess = (testApp: TestApp, index: number, seen: string) =>
      login(testApp, `user ${index}`, 'wrong', `192.0.2.${index}, ${seen}`);
    const use = async (testApp: TestApp) => {
      await times(2, (index) => guess(testApp, index, '203.0.113.7'));
      expectFailure(await guess(testApp, 3, '203.0.113.7'), 'TOO_MANY_ATTEMPTS');
      expectFailure(await guess(testApp, 4, '203.0.113.8'), 'INVALID_CREDENTIALS');
    };
    await withApp({ limits }, use, 1);
  });

  test('successes do not count, and do not erase the failures of others', async () => {
    const users = new MemoryUserStore();
    await users.create({ username: 'ann', passwordHash });
    await withApp({ users, limits }, async (testApp) => {
      for (const response of await times(2, () => login(testApp, 'ann', PASSWORD))) {
        expect(response.status).toBe(200);
      }
      expect((await login(testApp, 'ann', PASSWORD)).status).toBe(200);
      expectFailure(await login(testApp, 'user 1', 'wrong'), 'INVALID_CREDENTIALS');
      expect((await login(testApp, 'ann', PASSWORD)).status).toBe(200);
      expectFailure(await login(testApp, 'user 2', 'wrong'), 'INVALID_CREDENTIALS');
      expectFailure(await login(testApp, 'ann', PASSWORD), 'TOO_MANY_ATTEMPTS');
    });
  });

  test("many users who log in at once from one address don't lock it", async () => {
    const users = new MemoryUserStore();
    const names = ['ann', 'bob', 'cleo', 'dan', 'eve'];
    for (const username of names) await users.create({ username, passwordHash });
    await withApp({ users, limits }, async (testApp) => {
      const crowd = await times(names.length, (index) => login(testApp, names[index] ?? '', PASSWORD));
      expect(crowd.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429, 429]);
      for (const name of names) expect((await login(testApp, name, PASSWORD)).status).toBe(200);
    });
  });
});

describe('each limit can be switched off or changed', () => {
  type Limits = NonNullable<AuthOptions['limits']>;
  const guess = (testApp: TestApp, index: number) => login(testApp, `user ${index}`, 'wrong');
  const guessAnn = (testApp: TestApp) => login(testApp, 'ann', 'wrong');
  const register = (testApp: TestApp, index: number) =>
    testApp
      .client()
      .post('/auth/register')
      .send({ username: `user ${index}`, password: PASSWORD });
  const change = async (testApp: TestApp) =>
    (await testApp.loggedIn('ann'))
      .post('/auth/password')
      .send({ currentPassword: 'wrong', newPassword: NEW_PASSWORD });

  test.each<[keyof Limits, Limits, (testApp: TestApp, index: number) => PromiseLike<{ status: number }>]>([
    ['username', { username: { failures: 2 } }, guessAnn],
    ['password', { password: { failures: 2 } }, change],
    ['register', { register: { attempts: 2 } }, register],
    ['address', { address: { failures: 2 } }, guess],
  ])('limits.%s', async (limit, limits, attempt) => {
    const statuses = async (options: Limits, count: number) => {
      const users = new MemoryUserStore();
      await users.create({ username: 'ann', passwordHash });
      const found: number[] = [];
      await withApp({ users, limits: options }, async (testApp) => {
        const attempts = await times(count, (index) => attempt(testApp, index));
        found.push(...attempts.map(({ status }) => status).sort());
      });
      return found;
    };
    const allowed = limit === 'register' ? 201 : 401;
    expect(await statuses(limits, 3)).toEqual([allowed, allowed, 429]);
    expect(await statuses({ [limit]: false }, 12)).toEqual(Array(12).fill(allowed));
  });
});
