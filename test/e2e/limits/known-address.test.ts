import { AuthError, MemoryRefreshTokenStore, type AttemptCounter } from '../../../src/index';
import { memoryCounter } from '../../../src/stores/attempt-counter';
import { PASSWORD, type TestOptions } from '../../helpers/apps/app';
import { attemptBackends } from '../../helpers/apps/attempt-backends';
import { expectFailure } from '../../helpers/failures';
import { useLimitedApp } from '../../helpers/apps/limited-app';

const HOME = '192.0.2.1';
const STRANGER = '198.51.100.7';
const HOTEL = '203.0.113.9';
const limits = { username: { failures: 3 }, address: false } as const;

/** An app whose users a stranger may lock out, and logins to it from different addresses. */
function useLockableApp(...start: Parameters<typeof useLimitedApp>) {
  const limited = useLimitedApp(...start);
  /** With `trustProxy: true` the app believes any address that a client claims, so a login can come from any. */
  const open = (options: TestOptions = {}, trustProxy: true | number = true) =>
    limited.open({ limits, ...options }, trustProxy);
  const login = (from: string, password: string, username = 'ann') => limited.login(username, password, from);
  const guess = (times: number, from: string, username = 'ann') =>
    Promise.all(Array.from({ length: times }, () => login(from, 'wrong', username)));
  /** Uses up the free failures, and then keeps trying. */
  const lockName = async (from: string, username = 'ann') => {
    for (const response of await guess(3, from, username)) expectFailure(response, 'INVALID_CREDENTIALS');
    for (const response of await guess(10, from, username)) expectFailure(response, 'TOO_MANY_ATTEMPTS');
  };
  const expectLogin = async (from: string) => expect((await login(from, PASSWORD)).status).toBe(200);
  const expectLocked = async (from: string, username = 'ann') =>
    expectFailure(await login(from, PASSWORD, username), 'TOO_MANY_ATTEMPTS');
  return { limited, open, login, guess, lockName, expectLogin, expectLocked };
}

describe.each(Object.entries(attemptBackends))(
  'a username that a stranger locks, counted in %s',
  (_name, start) => {
    const { limited, open, login, guess, lockName, expectLogin, expectLocked } = useLockableApp(start);
    beforeEach(() => open());

    test('a locked username still lets its user in from a known address', async () => {
      await expectLogin(HOME);
      await lockName(STRANGER);
      const [atHome] = await Promise.all([login(HOME, PASSWORD), guess(20, STRANGER)]);
      expect(atHome.status).toBe(200);
      await expectLocked(HOTEL);
      // After the wait, the stranger takes the next turn too.
      await limited.backend.endWait?.();
      await guess(5, STRANGER);
      await expectLogin(HOME);
      // The user's logins gave the stranger no new guesses.
      await expectLocked(STRANGER);
    });

    test('a known address gets its failures once, and then waits like any other', async () => {
      await expectLogin(HOME);
      const checked = jest.spyOn(limited.users, 'findByUsername');
      for (let count = 0; count < 3; count += 1)
        expectFailure(await login(HOME, 'wrong'), 'INVALID_CREDENTIALS');
      const response = await login(HOME, PASSWORD);
      expectFailure(response, 'TOO_MANY_ATTEMPTS');
      expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(60);
      if (limited.backend.endWait) {
        await limited.backend.endWait();
        await guess(20, HOME);
        await expectLocked(HOME);
      }
      expect(checked).toHaveBeenCalledTimes(limited.backend.endWait ? 4 : 3);
    });

    test("200 parallel guesses from a known address don't exceed its limit", async () => {
      await expectLogin(HOME);
      const checked = jest.spyOn(limited.users, 'findByUsername');
      const responses = await guess(200, HOME);
      // On a busy machine the store may take longer than the second that it has. A 503 counts as no guess.
      const down = responses.filter(({ status }) => status === 503).length;
      expect(checked.mock.calls.length).toBeLessThanOrEqual(3);
      expect(checked.mock.calls.length + down).toBeGreaterThanOrEqual(3);
    });

    test('an address is known for one username only', async () => {
      await expectLogin(HOME);
      await lockName(STRANGER, 'bob');
      await expectLocked(HOME, 'bob');
    });

    test('a known address counts for every spelling of the username, and with its whole /64', async () => {
      await expectLogin('2001:db8:1:2::1');
      await lockName(STRANGER, ' ANN');
      await expectLocked('2001:db8:1:3::1');
      expect((await login('2001:db8:1:2:ffff::9', PASSWORD, 'Ann ')).status).toBe(200);
    });
  },
);

describe('known addresses', () => {
  const { limited, open, guess, lockName, expectLogin, expectLocked } = useLockableApp();

  test("guesses don't make an address known, however many at once", async () => {
    await open();
    const checked = jest.spyOn(limited.users, 'findByUsername');
    await guess(50, STRANGER);
    await guess(50, STRANGER);
    expect(checked).toHaveBeenCalledTimes(3);
  });

  test("claiming the user's address in front of a trusted proxy doesn't make an address known", async () => {
    await open({}, 1);
    await expectLogin(HOME);
    await lockName(STRANGER);
    await expectLocked(`${HOME}, ${STRANGER}`);
    await expectLogin(`${STRANGER}, ${HOME}`);
  });

  test('a login without a valid address makes no address known', async () => {
    await open();
    await expectLogin('no address');
    await lockName(STRANGER);
    await expectLocked('no address');
    await expectLocked('another');
  });

  test("no address becomes known with a counter of the app's own that lacks has(), so all are locked alike", async () => {
    const attemptCounter = (name: string, windowSeconds: number): AttemptCounter => {
      const { has: _has, ...counter } = memoryCounter(name, windowSeconds);
      return counter;
    };
    await open({ refreshTokens: Object.assign(new MemoryRefreshTokenStore(), { attemptCounter }) });
    await expectLogin(HOME);
    await lockName(STRANGER);
    await expectLocked(HOME);
  });

  test("no attempt is checked or counted while the counter can't tell whether an address is known", async () => {
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
    const checked = jest.spyOn(limited.users, 'findByUsername');
    isDown = true;
    for (const response of await guess(5, HOME)) expectFailure(response, 'SERVICE_UNAVAILABLE');
    expect(checked).not.toHaveBeenCalled();
    isDown = false;
    await expectLogin(HOME);
  });
});
