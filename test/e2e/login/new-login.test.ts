import { AuthError, type AuthEvent } from '../../../src/index';
import { cookieHeader, PASSWORD } from '../../helpers/apps/app';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';
import { useRealApp } from '../../helpers/apps/real-app';
import { quickHash } from '../../helpers/apps/quick-passwords';

/** A login replaces the session that the browser had: ASVS 5.0 §7.2.4. */

const real = useRealApp(quickHash(PASSWORD));
const login = (tokens: Record<string, string>, body: object = {}) =>
  real.testApp
    .client()
    .post('/auth/login')
    .set('Cookie', cookieHeader(tokens))
    .send({ username: real.username, password: PASSWORD, ...body });
const refresh = (refreshToken: string) => real.testApp.client().post('/auth/refresh').send({ refreshToken });
const sessionIds = async () =>
  (await real.testApp.auth.sessions.list(real.userId)).map(({ sessionId }) => sessionId);

test('a new login ends the session that the browser had, and no other', async () => {
  const old = await real.testApp.tokensOf(real.username);
  const elsewhere = await real.testApp.tokensOf(real.username);
  const announced: AuthEvent[] = [];
  const stop = real.testApp.auth.events.onAny((event) => announced.push(event));
  await login(old).expect(200);
  stop();
  expect(announced).toMatchObject([{ type: 'revoked', reason: 'new-login' }, { type: 'login' }]);
  expectFailure(await refresh(old.refreshToken), 'SESSION_NOT_FOUND');
  expect((await refresh(elsewhere.refreshToken)).status).toBe(200);
  expect(await sessionIds()).toHaveLength(2);
});

test('completeLogin() ends it too, and the access cookie is enough to find it', async () => {
  const { accessToken, refreshToken } = await real.testApp.tokensOf(real.username);
  const quickLogin = real.testApp.client().post('/quick-login').set('Cookie', cookieHeader({ accessToken }));
  await quickLogin.send({ username: real.username }).expect(200);
  expectFailure(await refresh(refreshToken), 'SESSION_NOT_FOUND');
});

test("another user's login in the same browser ends it too", async () => {
  const username = `${real.username}, a guest`;
  const guest = await real.stores.options.users.create({ username, passwordHash: null });
  const guestTokens = await real.testApp.tokensOf(username);
  await login(guestTokens).expect(200);
  expect(await real.testApp.auth.sessions.list(guest.id)).toEqual([]);
  expect(await sessionIds()).toHaveLength(1);
});

test('a wrong password ends nothing', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  expectFailure(await login(tokens, { password: 'wrong' }), 'INVALID_CREDENTIALS');
  expect((await refresh(tokens.refreshToken)).status).toBe(200);
});

test('a login that fails in an outage ends nothing', async () => {
  const tokens = await real.testApp.tokensOf(real.username);
  const { refreshTokens } = real.stores.options;
  const announced: string[] = [];
  const stop = real.testApp.auth.events.onAny(({ type }) => announced.push(type));
  for (const step of ['create', 'revoke'] as const) {
    const down = new AuthError('SERVICE_UNAVAILABLE');
    const failing = jest.spyOn(refreshTokens, step).mockRejectedValueOnce(down);
    const response = await login(tokens);
    failing.mockRestore();
    expectFailure(response, 'SERVICE_UNAVAILABLE');
    expect(response.headers['set-cookie']).toBeUndefined();
  }
  stop();
  expect(announced).toEqual(['unavailable', 'unavailable']);
  expect((await refresh(tokens.refreshToken)).status).toBe(200);
  await eventually('only the old session is left', async () => (await sessionIds()).length === 1);
});

test.each([
  ['cookies with invalid tokens', { accessToken: 'x', refreshToken: 'a.b.c' }, {}],
  ['a login that takes its tokens in the body', undefined, { transport: 'body' }],
])('%s: no session ends', async (_what, cookies, body) => {
  const tokens = await real.testApp.tokensOf(real.username);
  await login(cookies ?? tokens, body).expect(200);
  expect(await sessionIds()).toHaveLength(2);
});
