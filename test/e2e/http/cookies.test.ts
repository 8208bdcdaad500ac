import type { AuthOptions } from '../../../src/index';
import { cookieHeader, createTestApp, setCookies, type TestOptions } from '../../helpers/apps/app';
import { testClock } from '../../../src/testing/index';

const HOUR = 60 * 60;

/** Logs a user in, refreshes and logs out. @returns the `Set-Cookie` headers of each response */
async function loginToLogout(options: TestOptions, body: object = {}) {
  const testApp = createTestApp(options);
  await testApp.register('ann');
  await testApp.auth.close();
  const names = { accessName: 'accessToken', refreshName: 'refreshToken', ...options.cookies };
  const tokens = await testApp
    .client()
    .post('/quick-login')
    .send({ username: 'ann', ...body });
  const login = setCookies(tokens);
  const cookie = cookieHeader({ [names.refreshName]: login[names.refreshName]?.value ?? '' });
  const refreshed = await testApp.client().post('/auth/refresh').set('Cookie', cookie);
  const logout = await testApp.client().post('/auth/logout').set('Cookie', cookie);
  return { login, refresh: setCookies(refreshed), logout: setCookies(logout), refreshed, logout_: logout };
}

const plain = ['HttpOnly', 'Path=/', 'SameSite=Strict'];
const rows: [string, NonNullable<AuthOptions['cookies']>, string[]][] = [
  ['by default', {}, plain],
  ['secure', { secure: true }, [...plain, 'Secure']],
  ['sameSite lax', { sameSite: 'lax' }, ['HttpOnly', 'Path=/', 'SameSite=Lax']],
  ['sameSite none', { sameSite: 'none', secure: true }, ['HttpOnly', 'Path=/', 'SameSite=None', 'Secure']],
  ['a domain', { domain: 'example.com' }, ['Domain=example.com', ...plain]],
  ['a path', { path: '/api' }, ['HttpOnly', 'Path=/api', 'SameSite=Strict']],
  [
    'names with the prefix __Host-',
    { accessName: '__Host-a', refreshName: '__Host-r', secure: true },
    [...plain, 'Secure'],
  ],
];

test.each(rows)(
  '%s: login, refresh and logout use the same attributes',
  async (_what, cookies, attributes) => {
    const { login, refresh, logout, logout_ } = await loginToLogout({ cookies });
    const names = [cookies.accessName ?? 'accessToken', cookies.refreshName ?? 'refreshToken'];
    for (const each of [login, refresh, logout]) {
      expect(Object.keys(each)).toEqual(names);
      for (const name of names) expect(each[name]?.attributes).toEqual(attributes);
    }
    expect(Object.values(logout).map(({ value }) => value)).toEqual(['', '']);
    for (const line of logout_.headers['set-cookie'] as unknown as string[]) {
      expect(line).toContain('Expires=Thu, 01 Jan 1970');
    }
  },
);

test('in production cookies are secure by default', async () => {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    expect((await loginToLogout({})).login['refreshToken']?.attributes).toContain('Secure');
    expect((await loginToLogout({ cookies: { secure: false } })).login['refreshToken']?.attributes).toEqual(
      plain,
    );
  } finally {
    process.env['NODE_ENV'] = before;
  }
});

describe('remember', () => {
  test.each([undefined, false])(
    '%j: the cookies end with the browser session, also after a rotation',
    async (remember) => {
      const { login, refresh } = await loginToLogout({}, { remember });
      for (const each of [login, refresh]) {
        expect(each['accessToken']?.attributes).toEqual(plain);
        expect(each['refreshToken']?.attributes).toEqual(plain);
      }
    },
  );

  test("true: Max-Age is the refresh token's lifetime, also after a rotation", async () => {
    const { login, refresh } = await loginToLogout({}, { remember: true });
    for (const each of [login, refresh]) {
      expect(each['accessToken']?.attributes).toContain(`Max-Age=${3 * HOUR}`);
      expect(each['refreshToken']?.attributes).toContain(`Max-Age=${3 * HOUR}`);
    }
  });

  test('POST /login reads remember from the body', async () => {
    const testApp = createTestApp();
    const user = await testApp.register('ann');
    const response = await testApp
      .client()
      .post('/auth/login')
      .send({ username: user.username, password: 'correct horse 9 battery', remember: true });
    expect(setCookies(response)['refreshToken']?.attributes).toContain(`Max-Age=${3 * HOUR}`);
    await testApp.auth.close();
  });

  test('near the end of maxLifetime the refresh cookie ends with the session', async () => {
    const clock = testClock();
    const testApp = createTestApp({ clock, refreshToken: { expiresIn: '3h', maxLifetime: '4h' } });
    await testApp.register('ann');
    const login = await testApp.client().post('/quick-login').send({ username: 'ann', remember: true });
    const { value: refreshToken = '' } = setCookies(login)['refreshToken'] ?? {};
    clock.advance(2 * HOUR);
    const refreshed = await testApp
      .client()
      .post('/auth/refresh')
      .set('Cookie', cookieHeader({ refreshToken }));
    expect(setCookies(refreshed)['refreshToken']?.attributes).toContain(`Max-Age=${2 * HOUR}`);
    await testApp.auth.close();
  });

  test('the access cookie outlives its token, even one that lives longer than the session', async () => {
    const { login } = await loginToLogout({ refreshToken: { expiresIn: '10m' } }, { remember: true });
    const [, maxAge] = /Max-Age=(\d+)/.exec(login['accessToken']?.attributes.join() ?? '') ?? [];
    expect(Number(maxAge)).toBeGreaterThan(HOUR / 2);
    expect(login['refreshToken']?.attributes).toContain('Max-Age=600');
  });
});
