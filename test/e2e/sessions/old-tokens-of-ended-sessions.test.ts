import { MemoryUserStore } from '../../../src';
import { loginAs, testAuth, testClock } from '../../../src/testing';
import request from 'supertest';
import express from 'express';

/** A session that the store has lost: its tokens are good, and no other process knows that it is over. */
async function lostSession() {
  const clock = testClock();
  const users = new MemoryUserStore({ clock });
  const secrets = {
    accessToken: { secret: 'access-secret-of-the-tests-0123456789' },
    refreshToken: { secret: 'refresh-secret-of-the-tests-987654321' },
  };
  const before = testAuth({ users, clock, ...secrets });
  const login = await loginAs(before, { username: 'ann' });
  await before.close();
  const auth = testAuth({ users, clock, ...secrets });
  const announced: string[] = [];
  auth.refreshTokens.followRevocations({
    keepForSeconds: 60,
    onRevoked: ({ sessionIds }) => void announced.push(...sessionIds),
    onCurrent: () => undefined,
    onLost: () => undefined,
  });
  const app = express().use('/auth', auth.router);
  const logout = (cookies: object) =>
    request(app)
      .post('/auth/logout')
      .set(
        'Cookie',
        Object.entries(cookies).map(([name, value]) => `${name}=${value}`),
      )
      .expect(200);
  const refresh = () =>
    request(app).post('/auth/refresh').set('Cookie', `refreshToken=${login.refreshToken}`).expect(401);
  return { clock, login, announced, logout, refresh, close: () => auth.close() };
}

test('a logout announces the end of a lost session while its access token is valid', async () => {
  const { clock, login, announced, logout, close } = await lostSession();
  clock.advance('29m');
  await logout({ refreshToken: login.refreshToken });
  expect(announced).toEqual([login.sessionId]);
  await close();
});

test.each([
  ['a refresh token that has not expired', '32m', 'refreshToken'],
  ['an expired refresh token', '4h', 'refreshToken'],
  ['an expired access token', '32m', 'accessToken'],
] as const)('a logout with %s announces nothing: no access token is left', async (_what, age, name) => {
  const { clock, login, announced, logout, close } = await lostSession();
  clock.advance(age);
  await logout({ [name]: login[name] });
  expect(announced).toEqual([]);
  await close();
});

test('a refresh announces the end of a lost session while its access token is valid', async () => {
  const { clock, login, announced, refresh, close } = await lostSession();
  clock.advance('29m');
  await refresh();
  await refresh();
  expect(announced).toEqual([login.sessionId]);
  await close();
});

test('a refresh with an old token of an ended session announces nothing: no access token is left', async () => {
  const { clock, announced, refresh, close } = await lostSession();
  clock.advance('32m');
  const { body } = await refresh();
  expect(body).toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect(announced).toEqual([]);
  await close();
});
