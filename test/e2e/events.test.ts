import { AuthError, MemoryUserStore, type AuthEventMap } from '../../src';
import { cookieHeader, createTestApp, PASSWORD } from '../helpers/app';
import { holdClock } from '../helpers/held-clock';

const NAMES = [
  'registered',
  'login',
  'loginFailed',
  'locked',
  'refresh',
  'reuse',
  'revoked',
  'passwordChanged',
  'unavailable',
] as const satisfies (keyof AuthEventMap)[];
const NEW_PASSWORD = 'another stapler 4 you';

test('each event fires once, with who and where, and never with a password or a token', async () => {
  const clock = holdClock();
  const testApp = createTestApp({ clock, limits: { username: { failures: 1 } } });
  const events: [string, object][] = [];
  for (const name of NAMES) testApp.auth.events.on(name, (event: object) => events.push([name, event]));
  const fired = async (act: () => PromiseLike<unknown>) => {
    events.length = 0;
    await act();
    return [...events];
  };
  const said: object[] = [];
  const post = (path: string, body: object, cookies = {}) =>
    testApp
      .client()
      .post(`/auth/${path}`)
      .set({ 'User-Agent': 'Phone/1.0', Cookie: cookieHeader(cookies) })
      .send(body);
  const expectEvents = async (act: () => PromiseLike<unknown>, ...expected: [string, object][]) => {
    const found = await fired(act);
    said.push(found);
    expect(found).toEqual(expected);
  };

  const where = { ip: expect.stringContaining('127.0.0.1') as string, userAgent: 'Phone/1.0' };
  const userId = expect.any(String) as string;
  const sessionId = expect.any(String) as string;
  const who = { userId, sessionId, ...where };
  const ann = { username: 'Ann', password: PASSWORD };

  await expectEvents(() => post('register', ann), ['registered', { userId, username: 'Ann', ...where }]);
  await expectEvents(() => post('login', ann), ['login', who]);
  const { refreshToken, accessToken } = (await post('login', { ...ann, transport: 'body' })).body;
  const cookies = { refreshToken, accessToken };
  await expectEvents(() => post('refresh', {}, cookies), ['refresh', { ...who, replayed: false }]);
  await expectEvents(() => post('refresh', {}, cookies), ['refresh', { ...who, replayed: true }]);
  await expectEvents(
    () => post('password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, cookies),
    ['revoked', { userId, sessionIds: [sessionId], reason: 'password-changed' }],
    ['refresh', { ...who, replayed: false }],
    ['passwordChanged', who],
  );
  clock.advance(60);
  await expectEvents(() => post('refresh', {}, cookies), ['reuse', { ...who, generation: 1 }]);
  await expectEvents(() => post('logout', {}, cookies));

  const next = (await post('login', { ...ann, password: NEW_PASSWORD, transport: 'body' })).body;
  const nextCookies = { refreshToken: next.refreshToken, accessToken: next.accessToken };
  const ended = { userId, sessionIds: [sessionId], reason: 'logout' };
  await expectEvents(() => post('logout', {}, nextCookies), ['revoked', ended]);
  await expectEvents(
    () => post('login', { username: 'eve', password: 'guess-by-eve' }),
    ['loginFailed', { username: 'eve', ...where }],
  );
  await expectEvents(
    () => post('login', { username: 'eve', password: 'guess-by-eve' }),
    ['locked', { limit: 'username', key: 'eve', retryAfterSeconds: expect.any(Number) as number }],
  );

  const text = JSON.stringify(said);
  for (const secret of [
    PASSWORD,
    NEW_PASSWORD,
    'guess-by-eve',
    refreshToken,
    accessToken,
    next.refreshToken,
  ]) {
    expect(text).not.toContain(secret);
  }
  await testApp.auth.close();
});

test('an outage is announced with its cause', async () => {
  const users = new MemoryUserStore();
  const testApp = createTestApp({ users });
  await users.create({ username: 'ann', passwordHash: null });
  const browser = await testApp.loggedIn('ann');
  const outage = new AuthError('SERVICE_UNAVAILABLE', { cause: new Error('down'), retryAfterSeconds: 2 });
  jest.spyOn(users, 'findById').mockRejectedValue(outage);
  const errors: Error[] = [];
  testApp.auth.events.on('unavailable', ({ error }) => errors.push(error));
  expect((await browser.get('/auth/info')).status).toBe(503);
  expect(errors).toEqual([outage]);
});

describe('a listener that fails', () => {
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the mail server is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the mail server is down'))],
  ])('and %s does not break a login: it becomes a warning', async (_how, listener) => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const users = new MemoryUserStore();
    const testApp = createTestApp({ users });
    await users.create({ username: 'ann', passwordHash: null });
    testApp.auth.events.on('login', listener);
    const browser = await testApp.loggedIn('ann');
    expect((await browser.get('/profile')).status).toBe(200);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]?.[0]).toMatch(/'login'.*the mail server is down/);
    warn.mockRestore();
  });
});
