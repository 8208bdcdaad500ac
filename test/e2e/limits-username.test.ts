import { hashSync } from 'bcryptjs';
import type { Response } from 'supertest';
import { AuthError, MemoryRefreshTokenStore, MemoryUserStore, type AttemptCounter } from '../../src';
import { memoryCounter } from '../../src/stores/attempt-counter';
import { createTestApp, PASSWORD, type TestApp } from '../helpers/app';
import { attemptBackends, type AttemptBackend } from '../helpers/attempt-backends';
import { expectFailure } from '../helpers/failures';

const passwordHash = hashSync(PASSWORD, 10);

describe.each(Object.entries(attemptBackends))('limits counted in %s', (name, start) => {
  let backend: AttemptBackend;
  let users: MemoryUserStore;
  let testApp: TestApp;

  beforeEach(async () => {
    backend = await start();
    users = new MemoryUserStore();
    testApp = createTestApp({ users, refreshTokens: backend.store, limits: { address: false } });
    for (const username of ['ann', 'bob']) await users.create({ username, passwordHash });
  });
  afterEach(async () => {
    await testApp.auth.close();
    await backend.close();
    expect(testApp.unforeseen).toEqual([]);
  });

  const login = (username: string, password: string) =>
    testApp.client().post('/auth/login').send({ username, password });
  const fail = async (times: number, username = 'ann') => {
    const guesses = Array.from({ length: times }, () => login(username, 'wrong'));
    for (const response of await Promise.all(guesses)) expectFailure(response, 'INVALID_CREDENTIALS');
  };

  test('after 10 failures every attempt has to wait, even with the right password, and then one is checked', async () => {
    const locked: unknown[] = [];
    testApp.auth.events.on('locked', (event) => locked.push(event));
    await fail(10);
    expectWait(await login('ann', PASSWORD), 60);
    expectWait(await login('ANN ', 'wrong'), 60);
    expect(locked).toMatchObject([{ limit: 'username' }, { limit: 'username' }]);
    expect((await login('bob', PASSWORD)).status).toBe(200);

    if (!backend.endWait) return;
    await backend.endWait();
    const checked = jest.spyOn(users, 'findByUsername');
    await Promise.all(Array.from({ length: 20 }, () => login('ann', 'wrong')));
    expect(checked).toHaveBeenCalledTimes(1);
  });

  test('only 10 of 200 parallel guesses are checked, also for an unknown username', async () => {
    const checked = jest.spyOn(users, 'findByUsername');
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
        await backend.endWait?.();
      }
      expect((await login('ann', PASSWORD)).status).toBe(200);
      await fail(10);
      expectWait(await login('ann', PASSWORD), 60);
    });
  }
});

test("an outage of the counter does not give back another attempt's turn", async () => {
  const users = new MemoryUserStore();
  await users.create({ username: 'ann', passwordHash });
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
  const testApp = createTestApp({ users, refreshTokens, limits: { username: { failures: 1 } } });
  const login = (password: string) =>
    testApp.client().post('/auth/login').send({ username: 'ann', password });
  expectFailure(await login('wrong'), 'INVALID_CREDENTIALS');
  isDown = true;
  expectFailure(await login('wrong'), 'SERVICE_UNAVAILABLE');
  isDown = false;
  expectWait(await login(PASSWORD), 60);
  await testApp.auth.close();
});

/** `Retry-After` counts down while the test runs. */
function expectWait(response: Response, seconds: number): void {
  expectFailure(response, 'TOO_MANY_ATTEMPTS');
  const wait = Number(response.headers['retry-after']);
  expect(wait).toBeLessThanOrEqual(seconds);
  expect(wait).toBeGreaterThan(seconds - 30);
}
