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

  test('after 10 failures every further try has to wait, the right password included, and then one is judged', async () => {
    const locked: unknown[] = [];
    testApp.auth.events.on('locked', (event) => locked.push(event));
    await fail(10);
    expectWait(await login('ann', PASSWORD), 60);
    expectWait(await login('ANN ', 'wrong'), 60);
    expect(locked).toMatchObject([{ limit: 'username' }, { limit: 'username' }]);
    expect((await login('bob', PASSWORD)).status).toBe(200);

    if (!backend.endWait) return;
    await backend.endWait();
    const judged = jest.spyOn(users, 'findByUsername');
    await Promise.all(Array.from({ length: 20 }, () => login('ann', 'wrong')));
    expect(judged).toHaveBeenCalledTimes(1);
  });

  test('200 parallel guesses are judged 10 times, for a name that does not exist too', async () => {
    const judged = jest.spyOn(users, 'findByUsername');
    for (const username of ['ann', 'nobody']) {
      judged.mockClear();
      const responses = await Promise.all(Array.from({ length: 200 }, () => login(username, 'wrong')));
      const answered = (status: number) => responses.filter((response) => response.status === status).length;
      // On a busy machine a store may take longer than the second that it has: 503, which is no guess.
      expect(judged.mock.calls.length).toBeLessThanOrEqual(10);
      expect(judged.mock.calls.length + answered(503)).toBeGreaterThanOrEqual(10);
      expect(answered(401) + answered(429) + answered(503)).toBe(200);
      // A guess that ended in 503 was taken back, and left room for this one.
      if (answered(401) === 10) expectWait(await login(username, PASSWORD), 60);
    }
  });

  if (name === 'memory') {
    test('a success starts afresh', async () => {
      await fail(9);
      expect((await login('ann', PASSWORD)).status).toBe(200);
      await fail(10);
      expectWait(await login('ann', PASSWORD), 60);
    });
  } else {
    test('the wait doubles from 1 minute to 15, and a success after it starts afresh', async () => {
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

test('an outage of the counter gives no turn back that somebody else has taken', async () => {
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
