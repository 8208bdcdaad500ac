import type { Response } from 'supertest';
import { AuthError, MemoryRefreshTokenStore, type AttemptCounter } from '../../../src/index';
import { memoryCounter } from '../../../src/stores/attempt-counter';
import { PASSWORD } from '../../helpers/apps/app';
import { attemptBackends } from '../../helpers/apps/attempt-backends';
import { expectFailure } from '../../helpers/failures';
import { useLimitedApp } from '../../helpers/apps/limited-app';

describe.each(Object.entries(attemptBackends))('limits counted in %s', (name, start) => {
  const limited = useLimitedApp(start);
  const { login } = limited;
  beforeEach(() => limited.open({ limits: { address: false } }));

  const fail = async (times: number, username = 'ann') => {
    const guesses = Array.from({ length: times }, () => login(username, 'wrong'));
    for (const response of await Promise.all(guesses)) expectFailure(response, 'INVALID_CREDENTIALS');
  };

  test('after 10 failures every attempt has to wait, even with the right password, and then one is checked', async () => {
    const locked: unknown[] = [];
    limited.testApp.auth.events.on('locked', (event) => locked.push(event));
    await fail(10);
    expectWait(await login('ann', PASSWORD), 60);
    expectWait(await login('ANN ', 'wrong'), 60);
    expect(locked).toMatchObject([{ limit: 'username' }, { limit: 'username' }]);
    expect((await login('bob', PASSWORD)).status).toBe(200);

    if (!limited.backend.endWait) return;
    await limited.backend.endWait();
    const checked = jest.spyOn(limited.users, 'findByUsername');
    await Promise.all(Array.from({ length: 20 }, () => login('ann', 'wrong')));
    expect(checked).toHaveBeenCalledTimes(1);
  });

  test('only 10 of 200 parallel guesses are checked, also for an unknown username', async () => {
    const checked = jest.spyOn(limited.users, 'findByUsername');
    for (const username of ['ann', 'nobody']) {
      checked.mockClear();
      const responses = await Promise.all(Array.from({ length: 200 }, () => login(username, 'wrong')));
      const answered = (status: number) => responses.filter((response) => response.status === status).length;
      // On a busy machine the store may take longer than the second that it has. A 503 counts as no guess.
      expect(checked.mock.calls.length).toBeLessThanOrEqual(10);
      expect(checked.mock.calls.length + answered(503)).toBeGreaterThanOrEqual(10);
      expect(answered(401) + answered(429) + answered(503)).toBe(200);
      // A guess that got 503 is not counted, so this login would still be free.
      if (answered(401) === 10) expectWait(await login(username, PASSWORD), 60);
    }
  });

  if (name === 'memory') {
    test('a success resets the count', async () => {
      await fail(9);
      expect((await login('ann', PASSWORD)).status).toBe(200);
      await fail(10);
      expectWait(await login('ann', PASSWORD), 60);
    });
  } else {
    test('the wait doubles from 1 minute to 15, and a success resets it', async () => {
      await fail(9);
      for (const seconds of [60, 120, 240, 480, 900, 900]) {
        await fail(1);
        expectWait(await login('ann', PASSWORD), seconds);
        await limited.backend.endWait?.();
      }
      expect((await login('ann', PASSWORD)).status).toBe(200);
      await fail(10);
      expectWait(await login('ann', PASSWORD), 60);
    });
  }
});

describe('an outage of the counter', () => {
  const { open, login } = useLimitedApp();

  test("does not give back another attempt's turn", async () => {
    let isDown = false;
    const attemptCounter = (name: string, windowSeconds: number): AttemptCounter => {
      const counter = memoryCounter(name, windowSeconds);
      if (!name.endsWith('-turn')) return counter;
      const increment: AttemptCounter['increment'] = async (key) => {
        if (isDown) throw new AuthError('SERVICE_UNAVAILABLE');
        return counter.increment(key);
      };
      return { ...counter, increment };
    };
    const refreshTokens = Object.assign(new MemoryRefreshTokenStore(), { attemptCounter });
    await open({ refreshTokens, limits: { username: { failures: 1 } } });
    expectFailure(await login('ann', 'wrong'), 'INVALID_CREDENTIALS');
    isDown = true;
    expectFailure(await login('ann', 'wrong'), 'SERVICE_UNAVAILABLE');
    isDown = false;
    expectWait(await login('ann', PASSWORD), 60);
  });
});

/** `Retry-After` counts down while the test runs. */
function expectWait(response: Response, seconds: number): void {
  expectFailure(response, 'TOO_MANY_ATTEMPTS');
  const wait = Number(response.headers['retry-after']);
  expect(wait).toBeLessThanOrEqual(seconds);
  expect(wait).toBeGreaterThan(seconds - 30);
}
