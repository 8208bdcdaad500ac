import { createTestApp, PASSWORD, type TestOptions } from '../../helpers/apps/app';
import { refusal } from '../../helpers/apps/options';
import { expectFailure } from '../../helpers/failures';

const apps: ReturnType<typeof createTestApp>[] = [];
const appWith = (trustedOrigins: TestOptions['trustedOrigins']) => {
  const testApp = createTestApp(trustedOrigins && { trustedOrigins });
  apps.push(testApp);
  return testApp;
};
afterAll(() => Promise.all(apps.map(({ auth }) => auth.close())));

/** What a logout with a cookie answers to a page of this origin. */
const statusFor = async (testApp: ReturnType<typeof createTestApp>, origin: string) => {
  const request = testApp.client().post('/auth/logout').set('Cookie', 'refreshToken=x');
  return (await request.set({ Origin: origin, 'Sec-Fetch-Site': 'cross-site' })).status;
};

test.each([
  'capacitor://localhost',
  'ionic://localhost',
  'tauri://localhost',
  'app://-',
  'app://com.example.app',
  'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
  'moz-extension://1f2e3d4c-0000-4000-8000-000000000000',
  'http://tauri.localhost',
  'http://[::1]:5173',
  'https://app.example.com:8443',
])('the origin %s can be trusted, and is compared exactly', async (origin) => {
  const testApp = appWith([origin]);
  expect(await statusFor(testApp, origin)).toBe(200);
  for (const other of [`${origin}x`, `${origin}/`, `x${origin}`, origin.replace('://', '://x.'), 'null'])
    expect([other, await statusFor(testApp, other)]).toEqual([other, 403]);
});

test('a wildcard stands for one label', async () => {
  const testApp = appWith(['https://*.example.com', 'http://*.localhost:3000']);
  for (const origin of ['https://a.example.com', 'https://pr-17.example.com', 'http://shop.localhost:3000'])
    expect([origin, await statusFor(testApp, origin)]).toEqual([origin, 200]);
  for (const origin of [
    ...['https://example.com', 'https://a.b.example.com', 'https://.example.com', 'http://a.example.com'],
    ...[
      'https://a.example.com:444',
      'https://a-example.com',
      'https://a.exampleXcom',
      'https://a.example.com.evil.com',
    ],
    ...['https://evil.com/.example.com', 'https://evil.com#.example.com', 'http://localhost:3000'],
  ])
    expect([origin, await statusFor(testApp, origin)]).toEqual([origin, 403]);
});

test.each([
  ...['https://*', 'https://*.com', '*://a.example.com', 'https://a.*.example.com', 'https://*a.example.com'],
  ...['https://*.*.example.com', 'https://*.example.com/', '*.example.com', '*', 'null', 'file://'],
  ...[
    'capacitor://localhost/',
    'capacitor://',
    'Capacitor://localhost',
    'app://a@b',
    'app://a b',
    'https://a.example:443',
  ],
])('%s is refused when the app starts', (origin) => {
  expect(refusal({ trustedOrigins: [origin] }).message).toMatch(
    /^trustedOrigins\.0 must be an origin such as/,
  );
});

describe('a function', () => {
  test('decides about every foreign origin but null', async () => {
    const asked: string[] = [];
    const testApp = appWith((origin) => asked.push(origin) > 0 && origin.endsWith('.example'));
    expect(await statusFor(testApp, 'https://shop.example')).toBe(200);
    expect(await statusFor(testApp, 'https://evil.test')).toBe(403);
    expect(await statusFor(testApp, 'null')).toBe(403);
    expect(asked).not.toContain('null');
  });

  test.each([
    ['a promise', () => Promise.resolve(true)],
    ['undefined', () => undefined],
  ])('that returns %s passes nothing, and the app learns why', async (_what, decide) => {
    const testApp = appWith(decide as unknown as () => boolean);
    expect(await statusFor(testApp, 'https://shop.example')).toBe(500);
    expect(String(testApp.unforeseen[0])).toContain('trustedOrigins must return true or false');
  });
});

describe('from a foreign origin, where no cookie of ours is in play', () => {
  const testApp = appWith(undefined);
  const foreign = { Origin: 'capacitor://localhost', 'Sec-Fetch-Site': 'cross-site' };
  const ann = { username: 'ann', password: PASSWORD };
  const send = (path: string, body: object, headers: Record<string, string> = {}) =>
    testApp
      .client()
      .post(path)
      .set({ ...foreign, ...headers })
      .send(body);
  beforeAll(() => testApp.register('ann'));

  test('a client with tokens in the body registers, logs in, refreshes, ends sessions and logs out', async () => {
    expect((await send('/auth/register', { username: 'bob', password: PASSWORD })).status).toBe(201);
    const login = await send('/auth/login', { ...ann, transport: 'body' });
    expect(login.status).toBe(200);
    const refreshed = await send('/auth/refresh', { refreshToken: login.body.refreshToken as string });
    expect(refreshed.status).toBe(200);
    const { accessToken, refreshToken } = refreshed.body as Record<string, string>;
    const bearer = { Authorization: `Bearer ${accessToken}` };
    const others = await testApp
      .client()
      .delete('/auth/sessions')
      .set({ ...foreign, ...bearer });
    const logout = await send('/auth/logout', { refreshToken });
    expect([others.status, logout.status]).toEqual([200, 200]);
    for (const response of [login, refreshed, others, logout])
      expect(response.headers['set-cookie']).toBeUndefined();
    const spent = await send('/auth/refresh', { refreshToken });
    expect([spent.status, spent.headers['set-cookie']]).toEqual([401, undefined]);
  });

  test.each<[string, string, object, Record<string, string>]>([
    ['a login with cookies', '/auth/login', ann, {}],
    ['a login with cookies and a bearer token', '/auth/login', ann, { Authorization: 'Bearer x' }],
    ['an access cookie', '/auth/login', { ...ann, transport: 'body' }, { Cookie: 'accessToken=x' }],
    ['a refresh cookie', '/auth/refresh', { refreshToken: 'x' }, { Cookie: 'refreshToken=x' }],
    ['a flow cookie', '/auth/register', ann, { Cookie: 'flowState.abcdefgh=x' }],
    ['no token', '/auth/logout', {}, {}],
    ['a prefetch', '/auth/login', { ...ann, transport: 'body' }, { 'Sec-Purpose': 'prefetch' }],
  ])('%s is refused', async (_what, path, body, headers) => {
    const response = await send(path, body, headers);
    expectFailure(response, 'CROSS_SITE_REQUEST');
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  test.each(['/auth/login', '/auth/register'])(
    'a form at %s is refused, which no browser asks about before',
    async (path) => {
      const form = testApp.client().post(path).type('form').set(foreign);
      expectFailure(await form.send({ ...ann, transport: 'body' }), 'CROSS_SITE_REQUEST');
    },
  );
});
