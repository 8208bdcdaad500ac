import { AuthError, MemoryRefreshTokenStore } from '../../src';
import { cookieHeader, createTestApp, PASSWORD } from '../helpers/app';
import { expectFailure } from '../helpers/failures';
import { decodeToken } from '../helpers/tokens';

const FIVE_MINUTES = 300;

/** Its clock is ahead of the one of this machine. */
class EarlyStore extends MemoryRefreshTokenStore {
  time(): Promise<number> {
    return Promise.resolve(Date.now() + FIVE_MINUTES * 1000);
  }
}

afterEach(() => jest.restoreAllMocks());

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

test('the clock of the store dates tokens and judges them', async () => {
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

test('a time that is none is a mistake of the store, and nobody logs in by it', async () => {
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

const telling = (time: () => Promise<number>) => Object.assign(new MemoryRefreshTokenStore(), { time });

test('who does not know the time yet calls no refresh token expired or invalid', async () => {
  const testApp = createTestApp({ refreshTokens: new EarlyStore() });
  await testApp.register('ann');
  const { refreshToken } = await testApp.tokensOf('ann');
  // It is five minutes behind, so that the token is one of the future.
  const begun = createTestApp({
    refreshTokens: telling(() => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'))),
  });
  const answer = await begun.client().post('/auth/refresh').set('Cookie', cookieHeader({ refreshToken }));
  expectFailure(answer, 'SERVICE_UNAVAILABLE');
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('nobody waits for a store that never tells the time', async () => {
  const testApp = createTestApp({ refreshTokens: telling(() => new Promise(() => undefined)) });
  await testApp.register('ann');
  const began = performance.now();
  expectFailure(await testApp.client().post('/quick-login').send({ username: 'ann' }), 'SERVICE_UNAVAILABLE');
  expect(performance.now() - began).toBeLessThan(2000);
});

test('who learns the time late forgets no revocation early', async () => {
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
  const begun = createTestApp({ refreshTokens });
  const endAll = async () => {
    for (const { sessionId } of await refreshTokens.list(id)) await begun.auth.sessions.revoke(id, sessionId);
  };
  await endAll();

  down.mockRestore();
  passedMs = 27 * 60_000; // and with the five minutes that it learns of more than a token lives
  await begun.auth.ready();
  await testApp.tokensOf('ann');
  await endAll();
  // What the other process has not heard of is good there: nothing else refuses it.
  expect((await testApp.client().get('/profile').set(bearer(accessToken))).status).toBe(200);
  expectFailure(await begun.client().get('/profile').set(bearer(accessToken)), 'SESSION_REVOKED');
});

test('ready() has patience with a store that is away for a moment', async () => {
  let asked = 0;
  const time = () =>
    ++asked < 3 ? Promise.reject(new AuthError('SERVICE_UNAVAILABLE')) : Promise.resolve(Date.now());
  const { auth } = createTestApp({ refreshTokens: telling(time), revocation: 'expiry' });
  await auth.ready();
  expect(asked).toBe(3);
});

test('ready() has none with a store that makes a mistake', async () => {
  const { auth } = createTestApp({ refreshTokens: telling(() => Promise.resolve(1)) });
  await expect(auth.ready()).rejects.toThrow('time() of the store must tell milliseconds');
});
