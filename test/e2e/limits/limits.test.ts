import { hashSync } from 'bcryptjs';
import type { AuthOptions } from '../../../src/index';
import { createRealStores, PASSWORD, type RealStores, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { passwordHash, useLimitedApp } from '../../helpers/apps/limited-app';
import { useQuickPasswords, useRealPasswords } from '../../helpers/apps/quick-passwords';

const NEW_PASSWORD = 'another stapler 4 you';

const times = <T>(count: number, act: (index: number) => PromiseLike<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));
const register = ({ client }: TestApp, index: number) =>
  client()
    .post('/auth/register')
    .send({ username: `user ${index}`, password: PASSWORD });

describe('on real servers', () => {
  const limited = useLimitedApp();
  const { login } = limited;
  let stores: RealStores;
  beforeEach(async () => {
    stores = await createRealStores();
    await limited.open(stores.options);
  });
  afterEach(() => stores.close());

  test('10 wrong current passwords lock /password for that user only', async () => {
    for (const username of ['ann', 'bob']) await stores.options.users.create({ username, passwordHash });
    const { loggedIn } = limited.testApp;
    const [ann, annElsewhere, bob] = [await loggedIn('ann'), await loggedIn('ann'), await loggedIn('bob')];
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
    expect((await login('ann', PASSWORD)).status).toBe(200);
  });

  test('the 11th registration in an hour from one address has to wait', async () => {
    const responses = await times(10, (index) => register(limited.testApp, index));
    expect(responses.map(({ status }) => status)).toEqual(Array(10).fill(201));
    const response = await register(limited.testApp, 11);
    expectFailure(response, 'TOO_MANY_ATTEMPTS');
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(3500);
    expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(3600);
    expect(await stores.options.users.findByUsername('user 11')).toBeUndefined();
  });

  test('after 50 failures in a minute from one address, with any usernames, the next attempt has to wait', async () => {
    await stores.options.users.create({ username: 'ann', passwordHash });
    // A client can send any X-Forwarded-For. Without a trusted proxy it is ignored.
    const guess = (index: number) => login(`user ${index}`, 'wrong', `192.0.2.${index}`);
    for (const response of await times(50, guess)) expectFailure(response, 'INVALID_CREDENTIALS');
    for (const [username, password] of [
      ['user 51', 'wrong'],
      ['ann', PASSWORD],
    ] as const) {
      const response = await login(username, password, '198.51.100.7');
      expectFailure(response, 'TOO_MANY_ATTEMPTS');
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
    }
  });
});

describe('addresses', () => {
  const limited = useLimitedApp();
  const { login, open } = limited;
  const limits = { address: { failures: 2 } };

  test.each([
    ['the same IPv4 address', '192.0.2.1', '192.0.2.1', 429],
    ['another IPv4 address', '192.0.2.1', '192.0.2.2', 401],
    ['IPv4 written as IPv6', '192.0.2.1', '::ffff:192.0.2.1', 429],
    ['the same /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', 429],
    ['the next /64', '2001:db8:1:2::1', '2001:db8:1:3::1', 401],
  ])('behind a trusted proxy, %s: %s, then %s', async (_what, first, second, status) => {
    await open({ limits }, true);
    await times(2, (index) => login(`user ${index}`, 'wrong', first));
    expect((await login('user 3', 'wrong', second)).status).toBe(status);
  });

  test('behind one proxy, the address that the proxy saw counts, not what the client claims', async () => {
    await open({ limits }, 1);
    const guess = (index: number, seen: string) =>
      login(`user ${index}`, 'wrong', `192.0.2.${index}, ${seen}`);
    await times(2, (index) => guess(index, '203.0.113.7'));
    expectFailure(await guess(3, '203.0.113.7'), 'TOO_MANY_ATTEMPTS');
    expectFailure(await guess(4, '203.0.113.8'), 'INVALID_CREDENTIALS');
  });

  test('successes do not count, and do not erase the failures of others', async () => {
    await open({ limits });
    for (const response of await times(2, () => login('ann', PASSWORD))) {
      expect(response.status).toBe(200);
    }
    expect((await login('ann', PASSWORD)).status).toBe(200);
    expectFailure(await login('user 1', 'wrong'), 'INVALID_CREDENTIALS');
    expect((await login('ann', PASSWORD)).status).toBe(200);
    expectFailure(await login('user 2', 'wrong'), 'INVALID_CREDENTIALS');
    expectFailure(await login('ann', PASSWORD), 'TOO_MANY_ATTEMPTS');
  });

  test("many users who log in at once from one address don't lock it", async () => {
    await open({ limits });
    const names = ['cleo', 'dan', 'eve', 'fay', 'gus'];
    const slow = hashSync(PASSWORD, 10);
    for (const username of names) await limited.users.create({ username, passwordHash: slow });
    useRealPasswords(); // they take long enough for the others to come meanwhile
    const crowd = await times(names.length, (index) => login(names[index] ?? '', PASSWORD));
    useQuickPasswords();
    expect(crowd.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429, 429]);
    for (const name of names) expect((await login(name, PASSWORD)).status).toBe(200);
  });
});

describe('each limit can be switched off or changed', () => {
  type Limits = NonNullable<AuthOptions['limits']>;
  const limited = useLimitedApp();
  const guess = (index: number) => limited.login(`user ${index}`, 'wrong');
  const guessAnn = () => limited.login('ann', 'wrong');
  const change = async () =>
    (await limited.testApp.loggedIn('ann'))
      .post('/auth/password')
      .send({ currentPassword: 'wrong', newPassword: NEW_PASSWORD });

  test.each<[keyof Limits, Limits, (index: number) => PromiseLike<{ status: number }>]>([
    ['username', { username: { failures: 2 } }, guessAnn],
    ['password', { password: { failures: 2 } }, change],
    ['register', { register: { attempts: 2 } }, (index) => register(limited.testApp, index)],
    ['address', { address: { failures: 2 } }, guess],
  ])('limits.%s', async (limit, limits, attempt) => {
    const statuses = async (options: Limits, count: number) => {
      await limited.open({ limits: options });
      const attempts = await times(count, attempt);
      return attempts.map(({ status }) => status).sort();
    };
    const allowed = limit === 'register' ? 201 : 401;
    expect(await statuses(limits, 3)).toEqual([allowed, allowed, 429]);
    expect(await statuses({ [limit]: false }, 12)).toEqual(Array(12).fill(allowed));
  });
});
