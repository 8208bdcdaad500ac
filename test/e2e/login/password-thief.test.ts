import { AuthError, MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD, setCookies, type TestApp } from '../../helpers/apps/app';
import { quickHash } from '../../helpers/apps/quick-passwords';
import { useRealApp } from '../../helpers/apps/real-app';
import { useCallTimes } from '../../helpers/call-times';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

// A change whose outage leaves it unfinished counts as one of a killed process after this time, and not after two seconds.
useCallTimes({ passwordChange: 150 });

const NEW_PASSWORD = 'another stapler 4 you';
const KEY = 'a1b2c3d4-the-attempt';
const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };

const profile = (app: TestApp, { accessToken }: Tokens) =>
  app.client().get('/profile').auth(accessToken, { type: 'bearer' });
const refresh = (app: TestApp, { refreshToken }: Tokens) =>
  app.client().post('/auth/refresh').send({ refreshToken });
const post = (app: TestApp, { accessToken }: Tokens, body: object, key?: string) => {
  const request = app.client().post('/auth/password').auth(accessToken, { type: 'bearer' });
  return (key === undefined ? request : request.set('Idempotency-Key', key)).send(body);
};
const sessionIdOf = ({ refreshToken }: Tokens) => decodeToken(refreshToken).payload['sid'] as string;

describe('on Redis and PostgreSQL', () => {
  const real = useRealApp(quickHash(PASSWORD));
  const login = () => real.testApp.tokensOf(real.username);

  test.each([
    ['with an Idempotency-Key', KEY],
    ['without one', undefined],
  ])('a thief with a copy of the session is out at once (%s)', async (_how, key) => {
    const app = real.testApp;
    const first = await login();
    const copied = (await refresh(app, first)).body as Tokens;
    const user = (await post(app, copied, change, key).expect(200)).body as Tokens;
    expect(sessionIdOf(user)).not.toBe(sessionIdOf(copied));
    for (const stolen of [first, copied]) {
      expectFailure(await refresh(app, stolen), 'SESSION_NOT_FOUND');
      expectFailure(await profile(app, stolen), 'SESSION_REVOKED');
      for (const guessedKey of [undefined, 'another-key'])
        expectFailure(await post(app, stolen, change, guessedKey), 'SESSION_REVOKED');
    }
    expect((await profile(app, user)).status).toBe(200);
    expect((await refresh(app, user)).status).toBe(200);
  });

  test('the same request with the same Idempotency-Key gets the same tokens again, in the way of the first answer', async () => {
    const app = real.testApp;
    const tokens = await login();
    const first = await post(app, tokens, change, KEY).expect(200);
    const again = await post(app, tokens, change, KEY).expect(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers['cache-control']).toBe('no-store');
    expect(await app.auth.sessions.list(real.userId)).toHaveLength(1);

    const sent = (first.body as Tokens).accessToken;
    const cookie = `accessToken=${sent}`;
    const byCookie = () =>
      app
        .client()
        .post('/auth/password')
        .set('Cookie', cookie)
        .set('Idempotency-Key', KEY)
        .send({ currentPassword: NEW_PASSWORD, newPassword: PASSWORD });
    const [one, two] = [await byCookie().expect(200), await byCookie().expect(200)];
    expect(setCookies(two)).toEqual(setCookies(one));
    expect(two.body).toEqual({ message: 'Password changed' });
  });

  test('a repeated request needs the new password and tokens that are unused, and each wrong one counts as a guess', async () => {
    const app = real.testApp;
    const tokens = await login();
    const { body } = await post(app, tokens, change, KEY).expect(200);
    const wrong = { ...change, newPassword: 'yet another 7 staplers' };
    expectFailure(await post(app, tokens, wrong, KEY), 'SESSION_REVOKED');
    expectFailure(await post(app, tokens, {}, KEY), 'VALIDATION_FAILED', ['currentPassword', 'newPassword']);
    for (let guess = 1; guess < 10; guess++) await post(app, tokens, wrong, KEY);
    expectFailure(await post(app, tokens, change, KEY), 'TOO_MANY_ATTEMPTS');

    await refresh(app, body as Tokens).expect(200);
    expectFailure(await post(app, tokens, change, KEY), 'SESSION_REVOKED');
  });

  test("another user's token with the same Idempotency-Key and password gets no tokens of this user", async () => {
    const app = real.testApp;
    await real.stores.options.users.create({
      username: `${real.username} eve`,
      passwordHash: quickHash(NEW_PASSWORD),
    });
    await post(app, await login(), change, KEY).expect(200);
    const eve = await app.tokensOf(`${real.username} eve`);
    expectFailure(await post(app, eve, change, KEY), 'INVALID_CREDENTIALS');
  });
});

describe('in memory', () => {
  let nowMs: number;
  let users: MemoryUserStore;
  let refreshTokens: MemoryRefreshTokenStore;
  let app: TestApp;
  let userId: string;

  beforeEach(async () => {
    nowMs = Date.now();
    const clock = () => nowMs;
    users = new MemoryUserStore();
    refreshTokens = new MemoryRefreshTokenStore({ clock });
    app = createTestApp({ users, refreshTokens, clock });
    ({ id: userId } = await app.register('ann'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    return app.auth.close();
  });

  test('a repeated request gets its tokens within the reuse window, and SESSION_REVOKED after it', async () => {
    const tokens = await app.tokensOf('ann');
    await post(app, tokens, change, KEY).expect(200);
    nowMs += 30_000;
    await post(app, tokens, change, KEY).expect(200);
    nowMs += 1;
    expectFailure(await post(app, tokens, change, KEY), 'SESSION_REVOKED');
  });

  test('a repeated request works while the secrets of refresh tokens rotate', async () => {
    const tokens = await app.tokensOf('ann');
    const { body } = await post(app, tokens, change, KEY).expect(200);
    const secret = ['the-next-refresh-secret-0123456789-0123', 'refresh-secret-of-the-tests-987654321'];
    const next = createTestApp({ users, refreshTokens, clock: () => nowMs, refreshToken: { secret } });
    const again = (await post(next, tokens, change, KEY).expect(200)).body as Tokens;
    expect(sessionIdOf(again)).toBe(sessionIdOf(body as Tokens));
    await next.auth.close();
  });

  test('a change that is interrupted at its last step and can not be taken back is finished by the same request', async () => {
    const tokens = await app.tokensOf('ann');
    const outage = new AuthError('SERVICE_UNAVAILABLE');
    const update = users.updatePasswordHash.bind(users);
    jest.spyOn(refreshTokens, 'revoke').mockRejectedValueOnce(outage);
    jest.spyOn(refreshTokens, 'revokeAll').mockResolvedValueOnce([]).mockRejectedValueOnce(outage);
    jest.spyOn(users, 'updatePasswordHash').mockImplementationOnce(update).mockRejectedValueOnce(outage);
    expectFailure(await post(app, tokens, change, KEY), 'SERVICE_UNAVAILABLE');
    expect(await refreshTokens.list(userId)).toHaveLength(2);

    const again = (await post(app, tokens, change, KEY).expect(200)).body as Tokens;
    expect((await refreshTokens.list(userId)).map(({ sessionId }) => sessionId)).toEqual([
      sessionIdOf(again),
    ]);
    expectFailure(await refresh(app, tokens), 'SESSION_NOT_FOUND');
    expect((await refresh(app, again)).status).toBe(200);
  });

  test.each(['create', 'revoke'] as const)(
    'an outage of "%s" brings the old password back, and no session stays that began with the new one',
    async (method) => {
      const tokens = await app.tokensOf('ann');
      jest.spyOn(refreshTokens, method).mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
      expectFailure(await post(app, tokens, change, KEY), 'SERVICE_UNAVAILABLE');
      expect((await refreshTokens.list(userId)).map(({ sessionId }) => sessionId)).toEqual([
        sessionIdOf(tokens),
      ]);
      const { body } = await post(app, tokens, change, KEY).expect(200);
      expect((await profile(app, body as Tokens)).status).toBe(200);
    },
  );

  test('all sessions end when an outage keeps the old password from coming back', async () => {
    const [tokens, thief] = [await app.tokensOf('ann'), await app.tokensOf('ann')];
    const outage = new AuthError('SERVICE_UNAVAILABLE');
    const update = users.updatePasswordHash.bind(users);
    jest.spyOn(refreshTokens, 'revokeAll').mockRejectedValueOnce(outage);
    jest.spyOn(users, 'updatePasswordHash').mockImplementationOnce(update).mockRejectedValueOnce(outage);
    expectFailure(await post(app, tokens, change, KEY), 'SERVICE_UNAVAILABLE');
    expectFailure(await refresh(app, thief), 'SESSION_NOT_FOUND');
    expect(await refreshTokens.list(userId)).toEqual([]);
  });

  test('a repeated request is announced as a replayed refresh, and nothing else', async () => {
    const tokens = await app.tokensOf('ann');
    const { body } = await post(app, tokens, change, KEY).expect(200);
    const announced: unknown[] = [];
    app.auth.events.onAny((event) => announced.push(event));
    await post(app, tokens, change, KEY).expect(200);
    const sessionId = sessionIdOf(body as Tokens);
    expect(announced).toEqual([
      expect.objectContaining({ type: 'refresh', userId, sessionId, replayed: true }),
    ]);
  });
});
