import { AuthError, MemoryRefreshTokenStore } from '../../../src/index';
import { cookieHeader, createTestApp, PASSWORD } from '../../helpers/apps/app';
import { BRIEF, PATIENT, useCallTimes } from '../../helpers/call-times';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

const FIVE_MINUTES = 300;

/** A store whose clock is ahead of this machine's. */
class EarlyStore extends MemoryRefreshTokenStore {
  time(): Promise<number> {
    return Promise.resolve(Date.now() + FIVE_MINUTES * 1000);
  }
}

afterEach(() => jest.restoreAllMocks());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

test("tokens are dated and checked by the store's clock", async () => {
  const testApp = createTestApp({ refreshTokens: new EarlyStore() });
  await testApp.register('ann');
  const credentials = { username: 'ann', password: PASSWORD, transport: 'body' };
  const { body } = await testApp.client().post('/auth/login').send(credentials).expect(200);

  const secondsAhead = Number(decodeToken(body.accessToken).payload['iat']) - Date.now() / 1000;
  expect(Math.abs(secondsAhead - FIVE_MINUTES)).toBeLessThan(30);
  await testApp.client().get('/profile').set(bearer(body.accessToken)).expect(200);

  const { sessions } = (
    await testApp.client().get('/auth/sessions').set(bearer(body.accessToken)).expect(200)
  ).body;
  expect(Date.parse(sessions[0].createdAt) - Date.now()).toBeGreaterThan(FIVE_MINUTES * 1000 - 30_000);
});

test('an invalid time is a mistake of the store, and fails the login', async () => {
  class BrokenStore extends MemoryRefreshTokenStore {
    time(): Promise<number> {
      return Promise.resolve(NaN);
    }
  }
  const testApp = createTestApp({ refreshTokens: new BrokenStore() });
  await testApp.register('ann');
  await testApp.client().post('/quick-login').send({ username: 'ann' }).expect(500);
  expect(testApp.unforeseen.map(String)).toEqual([
    'TypeError: time() of the store must tell milliseconds since 1970',
  ]);
});

const storeWithTime = (time: () => Promise<number>) => Object.assign(new MemoryRefreshTokenStore(), { time });

test('a process that does not know the time yet refuses no refresh token as expired or invalid', async () => {
  const testApp = createTestApp({ refreshTokens: new EarlyStore() });
  await testApp.register('ann');
  const { refreshToken } = await testApp.tokensOf('ann');
  // This process is five minutes behind, so the token seems to be from the future.
  const started = createTestApp({
    refreshTokens: storeWithTime(() => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'))),
  });
  const answer = await started.client().post('/auth/refresh').set('Cookie', cookieHeader({ refreshToken }));
  expectFailure(answer, 'SERVICE_UNAVAILABLE');
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test("requests don't wait for a store that never answers with the time", async () => {
  useCallTimes(BRIEF);
  const testApp = createTestApp({ refreshTokens: storeWithTime(() => new Promise(() => undefined)) });
  await testApp.register('ann');
  expectFailure(await testApp.client().post('/quick-login').send({ username: 'ann' }), 'SERVICE_UNAVAILABLE');
  useCallTimes(PATIENT);
});

test('a process that learns the time late forgets no revocation too early', async () => {
  let passedMs = 0;
  for (const clock of [Date, performance]) {
    const now = clock.now.bind(clock);
    jest.spyOn(clock, 'now').mockImplementation(() => now() + passedMs);
  }
  const refreshTokens = new EarlyStore();
  const testApp = createTestApp({ refreshTokens, revocation: 'expiry' });
  const { id } = await testApp.register('ann');
  const { accessToken } = await testApp.tokensOf('ann');
  const down = jest.spyOn(refreshTokens, 'time').mockImplementation(() => {
    throw new AuthError('SERVICE_UNAVAILABLE');
  });
  const started = createTestApp({ refreshTokens });
  const endAll = async () => {
    for (const { sessionId } of await refreshTokens.list(id))
      await started.auth.sessions.revoke(id, sessionId);
  };
  await endAll();

  down.mockRestore();
  passedMs = 27 * 60_000; // with the five minutes that the process now learns of, longer than a token lives
  await started.auth.ready();
  await testApp.tokensOf('ann');
  await endAll();
  // The other process hasn't received the revocation, so it accepts the token: nothing else makes it invalid.
  expect((await testApp.client().get('/profile').set(bearer(accessToken))).status).toBe(200);
  expectFailure(await started.client().get('/profile').set(bearer(accessToken)), 'SESSION_REVOKED');
});

test('ready() waits for a store that is unreachable for a moment', async () => {
  let asked = 0;
  const time = () =>
    ++asked < 3 ? Promise.reject(new AuthError('SERVICE_UNAVAILABLE')) : Promise.resolve(Date.now());
  const { auth } = createTestApp({ refreshTokens: storeWithTime(time), revocation: 'expiry' });
  await auth.ready();
  expect(asked).toBe(3);
});

test('ready() does not wait for a store that returns an invalid time', async () => {
  const { auth } = createTestApp({ refreshTokens: storeWithTime(() => Promise.resolve(1)) });
  await expect(auth.ready()).rejects.toThrow('time() of the store must tell milliseconds');
});
