import {
  clearsCookies,
  cookieHeader,
  createRealStores,
  createTestApp,
  setCookies,
  type RealStores,
  type TestApp,
  type TestOptions,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { testClock, type TestClock } from '../../../src/testing/index';
import { decodeToken } from '../../helpers/tokens/tokens';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

let stores: RealStores;
let clock: TestClock;
let testApp: TestApp;
let userId: string;
let users = 0;

beforeAll(async () => {
  stores = await createRealStores();
});
beforeEach(async () => {
  users += 1;
  userId = (await stores.options.users.create({ username: name(), passwordHash: null })).id;
  clock = testClock();
  testApp = appWith();
});
afterAll(() => stores.close());

const name = () => `user ${users}`;
const appWith = (refreshToken: NonNullable<TestOptions['refreshToken']> = {}) =>
  createTestApp({ ...stores.options, clock, refreshToken });

/** Refreshes by cookie. */
async function refresh(refreshToken: string, idempotencyKey?: string) {
  const request = testApp.client().post('/auth/refresh').set('Cookie', cookieHeader({ refreshToken }));
  const response = await (idempotencyKey === undefined
    ? request
    : request.set('Idempotency-Key', idempotencyKey));
  return { response, token: setCookies(response)['refreshToken']?.value ?? '' };
}

test('a token that is replayed within 30 seconds gets the same successor, byte for byte', async () => {
  const { refreshToken } = await testApp.tokensOf(name());
  clock.advance(10);
  const first = await refresh(refreshToken);
  clock.advance(30);
  const again = await refresh(refreshToken);
  expect(again.response.status).toBe(200);
  expect(again.token).toBe(first.token);
});

test('a replay does not extend the window, which counts from the first exchange', async () => {
  const { refreshToken } = await testApp.tokensOf(name());
  await refresh(refreshToken);
  clock.advance(20);
  await refresh(refreshToken);
  clock.advance(11);
  expectFailure((await refresh(refreshToken)).response, 'REFRESH_TOKEN_REUSED');
});

test('the first refresh may come at any time, since the window applies only to exchanged tokens', async () => {
  const { refreshToken } = await testApp.tokensOf(name());
  clock.advance(2 * HOUR);
  expect((await refresh(refreshToken)).response.status).toBe(200);
});

test('a token that is replayed later ends its session, and only that one', async () => {
  const events: unknown[] = [];
  testApp.auth.events.on('reuse', (event) => events.push(event));
  const stolen = await testApp.tokensOf(name());
  const elsewhere = await testApp.tokensOf(name());
  const { token: successor } = await refresh(stolen.refreshToken);
  clock.advance(31);

  const { response } = await refresh(stolen.refreshToken);
  expectFailure(response, 'REFRESH_TOKEN_REUSED');
  expect(clearsCookies(response)).toBe(true);
  const { sid } = decodeToken(stolen.refreshToken).payload;
  expect(events).toMatchObject([
    { userId, sessionId: sid, generation: 1, ip: expect.any(String) as string, userAgent: undefined },
  ]);

  // The successor is refused too, whether the user or the thief has it.
  expectFailure((await refresh(successor)).response, 'SESSION_NOT_FOUND');
  const cookie = cookieHeader({ accessToken: stolen.accessToken });
  expectFailure(await testApp.client().get('/profile').set('Cookie', cookie), 'SESSION_REVOKED');
  expect((await refresh(elsewhere.refreshToken)).response.status).toBe(200);
});

test('an older generation counts as reuse, even within the window', async () => {
  const { refreshToken } = await testApp.tokensOf(name());
  const { token: second } = await refresh(refreshToken);
  await refresh(second);
  expectFailure((await refresh(refreshToken)).response, 'REFRESH_TOKEN_REUSED');
});

describe('Idempotency-Key', () => {
  test('a retry with the same key gets the same successor long after the window', async () => {
    const { refreshToken } = await testApp.tokensOf(name());
    const first = await refresh(refreshToken, 'attempt-1');
    clock.advance(HOUR);
    const retried = await refresh(refreshToken, 'attempt-1');
    expect(retried.response.status).toBe(200);
    expect(retried.token).toBe(first.token);
  });

  test.each([undefined, 'attempt-2', 'ATTEMPT-1'])(
    '%j does not count as a retry of attempt-1',
    async (key) => {
      const { refreshToken } = await testApp.tokensOf(name());
      await refresh(refreshToken, 'attempt-1');
      clock.advance(31);
      expectFailure((await refresh(refreshToken, key)).response, 'REFRESH_TOKEN_REUSED');
    },
  );

  test('the key of an earlier exchange is refused once the successor was used', async () => {
    const { refreshToken } = await testApp.tokensOf(name());
    const { token: second } = await refresh(refreshToken, 'attempt-1');
    await refresh(second, 'attempt-2');
    expectFailure((await refresh(refreshToken, 'attempt-1')).response, 'REFRESH_TOKEN_REUSED');
  });

  test('a key may have 128 visible characters', async () => {
    const { refreshToken } = await testApp.tokensOf(name());
    expect((await refresh(refreshToken, '~'.repeat(128))).response.status).toBe(200);
  });
});

describe('lifetimes', () => {
  test('an unused refresh token lives 3 hours, to the second', async () => {
    const { refreshToken } = await testApp.tokensOf(name());
    clock.advance(3 * HOUR);
    const { response } = await refresh(refreshToken);
    expectFailure(response, 'REFRESH_TOKEN_EXPIRED');
    expect(clearsCookies(response)).toBe(true);
  });

  test('each rotation renews the lifetime', async () => {
    let token = (await testApp.tokensOf(name())).refreshToken;
    for (let round = 0; round < 3; round += 1) {
      clock.advance(3 * HOUR - 1);
      const refreshed = await refresh(token);
      expect(refreshed.response.status).toBe(200);
      token = refreshed.token;
    }
    expect(decodeToken(token).payload['exp']).toBe(clock() / 1000 + 3 * HOUR);
  });

  test('maxLifetime ends the session and its access tokens, however often it was used', async () => {
    testApp = appWith({ maxLifetime: '4h' });
    const start = clock() / 1000;
    let { refreshToken } = await testApp.tokensOf(name());
    for (const seconds of [2 * HOUR, 2 * HOUR - 10 * MINUTE]) {
      clock.advance(seconds);
      const refreshed = await refresh(refreshToken);
      refreshToken = refreshed.token;
      const access = setCookies(refreshed.response)['accessToken']?.value ?? '';
      expect(decodeToken(refreshToken).payload['exp']).toBe(start + 4 * HOUR);
      expect(decodeToken(access).payload['exp']).toBeLessThanOrEqual(start + 4 * HOUR);
    }
    clock.advance(10 * MINUTE);
    expectFailure((await refresh(refreshToken)).response, 'REFRESH_TOKEN_EXPIRED');
  });

  test('a maxLifetime below expiresIn applies from the login on', async () => {
    testApp = appWith({ maxLifetime: '1h' });
    const { refreshToken, accessToken } = await testApp.tokensOf(name());
    expect(decodeToken(refreshToken).payload['exp']).toBe(clock() / 1000 + HOUR);
    expect(decodeToken(accessToken).payload['exp']).toBe(clock() / 1000 + 30 * MINUTE);
  });

  test("with reuseWindow: 0 a token can't be replayed a moment later", async () => {
    testApp = appWith({ reuseWindow: 0 });
    const { refreshToken } = await testApp.tokensOf(name());
    await refresh(refreshToken);
    clock.advance(1);
    expectFailure((await refresh(refreshToken)).response, 'REFRESH_TOKEN_REUSED');
  });

  test('a refresh token has sub, sid, gen, iat and exp, and a typ', async () => {
    const { refreshToken } = await testApp.tokensOf(name());
    const { header, payload } = decodeToken(refreshToken);
    expect(header).toEqual({ alg: 'HS256', typ: 'rt+jwt', kid: expect.any(String) as string, ver: 1 });
    const iat = clock() / 1000;
    expect(payload).toEqual({
      sub: userId,
      sid: expect.any(String) as string,
      gen: 1,
      iat,
      exp: iat + 3 * HOUR,
    });
  });
});
