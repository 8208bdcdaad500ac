import { hashSync } from 'bcryptjs';
import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type AttemptCounter } from '../../src';
import { memoryCounter } from '../../src/stores/attempt-counter';
import { createTestApp, PASSWORD, type TestApp, type TestOptions } from '../helpers/app';
import { attemptBackends, type AttemptBackend } from '../helpers/attempt-backends';
import { expectFailure } from '../helpers/failures';

const passwordHash = hashSync(PASSWORD, 10);
const HOME = '192.0.2.1';
const STRANGER = '198.51.100.7';
const HOTEL = '203.0.113.9';
const limits = { username: { failures: 3 }, address: false } as const;

let users: MemoryUserStore;
let testApp: TestApp;

/** Behind so many proxies; true: what a client claims is taken for its address, so that each guess comes from where it likes. */
const open = async (options: TestOptions, trustProxy: true | number = true) => {
  users = new MemoryUserStore();
  for (const username of ['ann', 'bob']) await users.create({ username, passwordHash });
  testApp = createTestApp({ users, limits, ...options });
  testApp.app.set('trust proxy', trustProxy);
};
const login = (from: string, password: string, username = 'ann') =>
  testApp.client().post('/auth/login').set('X-Forwarded-For', from).send({ username, password });
const guess = (times: number, from: string, username = 'ann') =>
  Promise.all(Array.from({ length: times }, () => login(from, 'wrong', username)));
/** Uses up the free failures, and then asks on. */
const poll = async (from: string, username = 'ann') => {
  for (const response of await guess(3, from, username)) expectFailure(response, 'INVALID_CREDENTIALS');
  for (const response of await guess(10, from, username)) expectFailure(response, 'TOO_MANY_ATTEMPTS');
};
const expectLogin = async (from: string) => expect((await login(from, PASSWORD)).status).toBe(200);
const expectLocked = async (from: string, username = 'ann') =>
  expectFailure(await login(from, PASSWORD, username), 'TOO_MANY_ATTEMPTS');

describe.each(Object.entries(attemptBackends))(
  'a name that strangers lock, counted in %s',
  (_name, start) => {
    let backend: AttemptBackend;

    beforeEach(async () => {
      backend = await start();
      await open({ refreshTokens: backend.store });
    });
    afterEach(async () => {
      await testApp.auth.close();
      await backend.close();
      expect(testApp.unforeseen).toEqual([]);
    });

    test('who polls a name keeps its user out of no address that the user has logged in from', async () => {
      await expectLogin(HOME);
      await poll(STRANGER);
      const [atHome] = await Promise.all([login(HOME, PASSWORD), guess(20, STRANGER)]);
      expect(atHome.status).toBe(200);
      await expectLocked(HOTEL);
      // The turn after the wait is the stranger's again.
      await backend.endWait?.();
      await guess(5, STRANGER);
      await expectLogin(HOME);
      // Those logins have given the stranger nothing.
      await expectLocked(STRANGER);
    });

    test('a known address has its failures once, and then waits as any other', async () => {
      await expectLogin(HOME);
      const judged = jest.spyOn(users, 'findByUsername');
      for (let count = 0; count < 3; count += 1)
        expectFailure(await login(HOME, 'wrong'), 'INVALID_CREDENTIALS');
      const response = await login(HOME, PASSWORD);
      expectFailure(response, 'TOO_MANY_ATTEMPTS');
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
      if (backend.endWait) {
        await backend.endWait();
        await guess(20, HOME);
        await expectLocked(HOME);
      }
      expect(judged).toHaveBeenCalledTimes(backend.endWait ? 4 : 3);
    });

    test('200 parallel guesses from a known address are not more than its limit', async () => {
      await expectLogin(HOME);
      const judged = jest.spyOn(users, 'findByUsername');
      const responses = await guess(200, HOME);
      // On a busy machine a store may take longer than the second that it has: 503, which is no guess.
      const down = responses.filter(({ status }) => status === 503).length;
      expect(judged.mock.calls.length).toBeLessThanOrEqual(3);
      expect(judged.mock.calls.length + down).toBeGreaterThanOrEqual(3);
    });

    test('an address is known for one name, and for no other', async () => {
      await expectLogin(HOME);
      await poll(STRANGER, 'bob');
      await expectLocked(HOME, 'bob');
    });

    test('an address that is known for a user goes for every spelling of the name, and its whole /64', async () => {
      await expectLogin('2001:db8:1:2::1');
      await poll(STRANGER, ' ANN');
      await expectLocked('2001:db8:1:3::1');
      expect((await login('2001:db8:1:2:ffff::9', PASSWORD, 'Ann ')).status).toBe(200);
    });
  },
);

describe('what makes an address known', () => {
  afterEach(async () => {
    await testApp.auth.close();
    expect(testApp.unforeseen).toEqual([]);
  });

  test('guessing does not, however many at one moment', async () => {
    await open({});
    const judged = jest.spyOn(users, 'findByUsername');
    await guess(50, STRANGER);
    await guess(50, STRANGER);
    expect(judged).toHaveBeenCalledTimes(3);
  });

  test('claiming the address of the user before a trusted proxy does not', async () => {
    await open({}, 1);
    await expectLogin(HOME);
    await poll(STRANGER);
    await expectLocked(`${HOME}, ${STRANGER}`);
    await expectLogin(`${STRANGER}, ${HOME}`);
  });

  test('a login from what is no address does not', async () => {
    await open({});
    await expectLogin('no address');
    await poll(STRANGER);
    await expectLocked('no address');
    await expectLocked('another');
  });

  test('nothing does with a counter of your own that can not tell: a name is locked for all alike', async () => {
    const attemptCounter = (name: string, windowSeconds: number): AttemptCounter => {
      const { has: _has, ...counter } = memoryCounter(name, windowSeconds);
      return counter;
    };
    await open({ refreshTokens: Object.assign(new MemoryRefreshTokenStore(), { attemptCounter }) });
    await expectLogin(HOME);
    await poll(STRANGER);
    await expectLocked(HOME);
  });

  test('while it can not be told whether an address is known, nothing is judged and nothing counted', async () => {
    let isDown = false;
    const attemptCounter = (name: string, windowSeconds: number) => {
      const counter = memoryCounter(name, windowSeconds);
      const has = async (key: string) => {
        if (isDown) throw new AuthError('SERVICE_UNAVAILABLE');
        return counter.has(key);
      };
      return { ...counter, has };
    };
    await open({ refreshTokens: Object.assign(new MemoryRefreshTokenStore(), { attemptCounter }) });
    const judged = jest.spyOn(users, 'findByUsername');
    isDown = true;
    for (const response of await guess(5, HOME)) expectFailure(response, 'SERVICE_UNAVAILABLE');
    expect(judged).not.toHaveBeenCalled();
    isDown = false;
    await expectLogin(HOME);
  });
});
