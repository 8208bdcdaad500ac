import type { Request } from 'express';
import { MemoryUserStore } from '../../../src/index';
import { createTestApp, setCookies, type TestApp } from '../../helpers/apps/app';

// completeLogin redirects only to paths of this app, whatever the request asks for.
const users = new MemoryUserStore();
let testApp: TestApp;

beforeAll(async () => {
  const { id } = await users.create({ username: 'ann', passwordHash: null });
  const mountOn = (sameSite: 'strict' | 'lax') =>
    createTestApp({ users, cookies: { sameSite } }, (app, auth) => {
      const redirectTo = (req: Request) => req.query['to'];
      app.get('/callback', (req, res, next) => {
        req.user = { id } as Express.User;
        auth.completeLogin({ redirectTo })(req, res, next);
      });
    });
  testApp = mountOn('strict');
  laxApp = mountOn('lax');
});
let laxApp: TestApp;

const callback = (app: TestApp, to: string, fetchSite?: string) => {
  const request = app.client().get('/callback').query({ to });
  return fetchSite ? request.set('Sec-Fetch-Site', fetchSite) : request;
};

test.each(['/', '/orders?page=2#last', '/%2F/evil.example', '/caf\u00e9', '/a;b=1', '/a//b', '/./a'])(
  '%s is accepted as a path of this app',
  async (to) => {
    const response = await callback(testApp, to);
    expect(response.status).toBe(303);
    expect(new URL(response.headers['location'] as string, 'http://here').href).toBe(
      new URL(to, 'http://here').href,
    );
  },
);

test.each([
  ...[
    '//evil.example',
    '/\\evil.example',
    '\\/evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    'orders',
    '',
  ],
  ...['/.//evil.example', '/a/..//evil.example', '/%2e//evil.example', '/./.%2E//evil.example'],
  ...['/\t/evil.example', '/\n/evil.example', '/a\r\nSet-Cookie: a=b', ' /', '/a\\b', '/\u0000'],
])('%j is replaced by the start page', async (to) => {
  const response = await callback(testApp, to);
  expect([response.status, response.headers['location']]).toEqual([303, '/']);
});

test('a value that is not a string is replaced by the start page', async () => {
  const response = await testApp.client().get('/callback?to=/a&to=/b');
  expect([response.status, response.headers['location']]).toEqual([303, '/']);
});

describe('after a redirect from another site, when SameSite=Strict cookies would not be sent', () => {
  test('completeLogin answers a page that continues by itself', async () => {
    const response = await callback(testApp, '/orders?a=1&b="><script>', 'cross-site');
    expect([response.status, response.type]).toEqual([200, 'text/html']);
    expect(Object.keys(setCookies(response)).sort()).toEqual(['accessToken', 'refreshToken']);
    expect(response.text).toContain('content="0; url=/orders?a=1&#38;b=&#34;&#62;&#60;script&#62;"');
    expect(response.headers).toMatchObject({
      'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });

  test('lax cookies, and requests from the own site, need no such page', async () => {
    expect((await callback(laxApp, '/orders', 'cross-site')).status).toBe(303);
    expect((await callback(testApp, '/orders', 'same-origin')).status).toBe(303);
    expect((await callback(testApp, '/orders', 'none')).status).toBe(303);
  });
});
