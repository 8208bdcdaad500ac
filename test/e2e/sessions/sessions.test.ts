import { clearsCookies, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { useRealApp } from '../../helpers/apps/real-app';

const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const real = useRealApp();

type Browser = Awaited<ReturnType<TestApp['loggedIn']>>;
const sessionIdOf = async (browser: Browser) => (await browser.get('/profile')).body.sessionId as string;

test.each([
  ['get', '/sessions'],
  ['delete', '/sessions'],
  ['delete', '/sessions/abc'],
  ['post', '/logout-all'],
  ['post', '/password'],
  ['get', '/check'],
  ['get', '/info'],
] as const)('%s %s needs an access token', async (method, path) => {
  expectFailure(await real.testApp.client()[method](`/auth${path}`), 'NO_ACCESS_TOKEN');
});

test('the list shows which devices are logged in, and which is the current one', async () => {
  const login = real.testApp.browser();
  await login.post('/quick-login').set('User-Agent', 'Phone/1.0').send({ username: real.username });
  const here = await real.testApp.loggedIn(real.username);
  const response = await here.get('/auth/sessions');
  expect(response.status).toBe(200);
  expect(response.headers['cache-control']).toBe('no-store');
  const date = expect.stringMatching(ISO_DATE) as string;
  const session = {
    createdAt: date,
    lastUsedAt: date,
    expiresAt: date,
    ip: expect.stringContaining('127.0.0.1') as string,
  };
  expect(Object.keys(response.body)).toEqual(['sessions']);
  expect(response.body.sessions).toHaveLength(2);
  expect(response.body.sessions).toEqual(
    expect.arrayContaining([
      { ...session, id: await sessionIdOf(here), current: true, userAgent: null },
      { ...session, id: await sessionIdOf(login), current: false, userAgent: 'Phone/1.0' },
    ]),
  );
});

test('a refresh changes rotatedAt, expiresAt and the generation of its session, and nothing else', async () => {
  const browser = await real.testApp.loggedIn(real.username);
  // From here on all times come from Redis. This process dated the login, and its estimate of that clock may be some ms ahead.
  await browser.post('/auth/refresh');
  const list = async () => {
    const [session] = await real.testApp.auth.sessions.list(real.userId);
    return session as NonNullable<typeof session>;
  };
  const before = await list();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await browser.post('/auth/refresh');
  const { rotatedAt, expiresAt, generation, ...after } = await list();
  expect(rotatedAt.getTime()).toBeGreaterThan(before.rotatedAt.getTime());
  expect(expiresAt.getTime()).toBeGreaterThan(before.expiresAt.getTime());
  expect(generation).toBe(before.generation + 1);
  expect({ ...after, rotatedAt: 0, expiresAt: 0, generation: 0 }).toEqual({
    ...{ ...before, rotatedAt: 0, expiresAt: 0, generation: 0 },
  });
});

test('ending another device answers 204, and logs it out at once', async () => {
  const [here, there] = [
    await real.testApp.loggedIn(real.username),
    await real.testApp.loggedIn(real.username),
  ];
  const response = await here.delete(`/auth/sessions/${await sessionIdOf(there)}`);
  expect([response.status, response.text]).toEqual([204, '']);
  expect(response.headers['set-cookie']).toBeUndefined();
  expectFailure(await there.get('/profile'), 'SESSION_REVOKED');
  expectFailure(await there.post('/auth/refresh'), 'SESSION_NOT_FOUND');
  expect((await here.get('/profile')).status).toBe(200);
});

test('ending the current session clears the cookies', async () => {
  const here = await real.testApp.loggedIn(real.username);
  const response = await here.delete(`/auth/sessions/${await sessionIdOf(here)}`);
  expect(response.status).toBe(204);
  expect(clearsCookies(response)).toBe(true);
  expectFailure(await here.get('/profile'), 'NO_ACCESS_TOKEN');
});

test("ending another user's session is 404, and the session stays", async () => {
  await real.stores.options.users.create({ username: `${real.username} victim`, passwordHash: null });
  const victim = await real.testApp.loggedIn(`${real.username} victim`);
  const here = await real.testApp.loggedIn(real.username);
  expectFailure(await here.delete(`/auth/sessions/${await sessionIdOf(victim)}`), 'UNKNOWN_SESSION_ID');
  expect((await victim.post('/auth/refresh')).status).toBe(200);
});

test.each([
  'AAAAAAAAAAAAAAAAAAAAAA',
  'x'.repeat(2000),
  '%00',
  '%F0%9F%98%80',
  'a%0Ab',
  'a%2Fb',
  '__proto__',
  '*',
  '{x}',
  '%ff',
  '%',
])('the id %s gets 404, and no session ends', async (id) => {
  const here = await real.testApp.loggedIn(real.username);
  expectFailure(await here.delete(`/auth/sessions/${id}`), 'UNKNOWN_SESSION_ID');
  expect((await here.get('/auth/sessions')).body.sessions).toHaveLength(1);
});

test('DELETE /sessions ends all sessions but the current one, and returns their number', async () => {
  const [here, ...others] = [1, 2, 3].map(() => real.testApp.loggedIn(real.username));
  const browser = await (here as Promise<Browser>);
  const elsewhere = await Promise.all(others);
  const response = await browser.delete('/auth/sessions');
  expect([response.status, response.body]).toEqual([200, { ended: 2 }]);
  expect((await browser.delete('/auth/sessions')).body).toEqual({ ended: 0 });
  for (const other of elsewhere) expectFailure(await other.get('/profile'), 'SESSION_REVOKED');
  expect((await browser.post('/auth/refresh')).status).toBe(200);
});

test('server code lists and ends sessions through auth.sessions', async () => {
  const { sessions } = real.testApp.auth;
  const browsers = await Promise.all([1, 2, 3].map(() => real.testApp.loggedIn(real.username)));
  const ids = await Promise.all(browsers.map(sessionIdOf));
  const [first, second] = ids as [string, string];
  expect((await sessions.list(real.userId)).map(({ sessionId }) => sessionId).sort()).toEqual(
    [...ids].sort(),
  );
  expect(await sessions.revoke(real.userId, first)).toBe(true);
  expect(await sessions.revoke(real.userId, first)).toBe(false);
  expectFailure(await (browsers[0] as Browser).get('/profile'), 'SESSION_REVOKED');
  expect(await sessions.revokeAll(real.userId, { except: second })).toEqual([ids[2]]);
  expect(await sessions.revokeAll(real.userId)).toEqual([second]);
});
