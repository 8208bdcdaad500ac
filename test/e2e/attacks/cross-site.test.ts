import cookieParser from 'cookie-parser';
import express from 'express';
import request from 'supertest';
import { createTestApp, cookieHeader, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

type Headers = Record<string, string>;

const TRUSTED = 'https://spa.example';
const testApp = createTestApp({ trustedOrigins: [TRUSTED] }, (app, auth) => {
  app.post('/posts', auth.tokenVerify, (_req, res) => void res.json({}));
  app.post('/comments', auth.guard({ optional: true }), (_req, res) => void res.json({}));
});
let tokens: { accessToken: string; refreshToken: string };

beforeAll(async () => {
  await testApp.register('ann');
});
beforeEach(async () => {
  tokens = await testApp.tokensOf('ann');
});
afterAll(() => testApp.auth.close());

const refreshWith = (headers: Headers, method: 'get' | 'post' = 'post', from: TestApp = testApp) => {
  const request = from.client()[method]('/auth/refresh');
  return request.set({ Host: 'app.example', Cookie: cookieHeader(tokens), ...headers });
};

const passing: [string, Headers][] = [
  ['no header but a Referer of the app', { Referer: 'http://app.example/page?a=1' }],
  ['Sec-Fetch-Site: same-origin', { 'Sec-Fetch-Site': 'same-origin' }],
  ['Sec-Fetch-Site: none, a bookmark', { 'Sec-Fetch-Site': 'none' }],
  ["the app's own Origin", { Origin: 'http://app.example' }],
  ["the app's own Origin, with Host in capitals", { Origin: 'http://app.example', Host: 'APP.example' }],
  ['a trusted origin', { Origin: TRUSTED }],
  ['a trusted origin that the browser calls cross-site', { Origin: TRUSTED, 'Sec-Fetch-Site': 'cross-site' }],
  [
    'same-origin behind a proxy that rewrites the host',
    { Origin: 'https://public.example', 'Sec-Fetch-Site': 'same-origin' },
  ],
];
const refused: [string, Headers][] = [
  ['Sec-Fetch-Site: cross-site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site, a sister subdomain', { 'Sec-Fetch-Site': 'same-site' }],
  [
    'cross-site with an Origin that looks right',
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'http://app.example' },
  ],
  ['an unknown value of Sec-Fetch-Site', { 'Sec-Fetch-Site': 'SAME-ORIGIN' }],
  ['a foreign Origin', { Origin: 'http://evil.example' }],
  ['Origin: null', { Origin: 'null' }],
  ['another scheme', { Origin: 'https://app.example' }],
  ['another port', { Origin: 'http://app.example:8080' }],
  ['a longer name', { Origin: 'http://app.example.evil.example' }],
  ['the trusted origin with a slash', { Origin: `${TRUSTED}/` }],
  ['a subdomain of the trusted origin', { Origin: 'https://x.spa.example' }],
  ['a prefetch', { 'Sec-Purpose': 'prefetch' }],
  ['a prerender', { 'Sec-Purpose': 'prefetch;prerender', 'Sec-Fetch-Site': 'same-origin' }],
  ['an older browser’s prefetch', { Purpose: 'prefetch' }],
  ['an older Firefox’s prefetch', { 'X-Moz': 'prefetch' }],
];

describe.each(['post', 'get'] as const)('%s /refresh', (method) => {
  test.each(passing)('a request with %s passes', async (_what, headers) => {
    expect((await refreshWith(headers, method)).status).toBe(200);
  });

  test.each(refused)('a request with %s is refused, and changes nothing', async (_what, headers) => {
    const response = await refreshWith(headers, method);
    expectFailure(response, 'CROSS_SITE_REQUEST');
    expect(response.headers['set-cookie']).toBeUndefined();
  });
});

describe('without Sec-Fetch-Site and Origin, as browsers send a GET on plain HTTP', () => {
  test('POST passes, as curl sends it', async () => {
    expect((await refreshWith({})).status).toBe(200);
  });

  const elsewhere = [
    'http://evil.example/',
    'http://app.example:8080/',
    'http://app.example.evil.example/',
    'x',
    '',
  ];
  test.each([undefined, ...elsewhere])(
    'GET with Referer %j is refused, and changes nothing',
    async (Referer) => {
      const headers: Headers = Referer === undefined ? {} : { Referer };
      expectFailure(await refreshWith(headers, 'get'), 'CROSS_SITE_REQUEST');
      const logout = testApp.client().get('/auth/logout');
      const response = await logout.set({ Host: 'app.example', Cookie: cookieHeader(tokens), ...headers });
      expectFailure(response, 'CROSS_SITE_REQUEST');
      expect(response.headers['set-cookie']).toBeUndefined();
      expect((await refreshWith({})).status).toBe(200);
    },
  );

  test('GET with a Referer of a trusted origin passes', async () => {
    expect((await refreshWith({ Referer: `${TRUSTED}/page` }, 'get')).status).toBe(200);
  });

  test('GET /logout without cookies clears none: it may be a link on another site', async () => {
    const response = await testApp.client().get('/auth/logout');
    expect([response.status, response.headers['set-cookie']]).toEqual([200, undefined]);
  });
});

test.each([
  ['post', '/login'],
  ['post', '/register'],
  ['post', '/refresh'],
  ['get', '/refresh'],
  ['post', '/logout'],
  ['get', '/logout'],
  ['post', '/logout-all'],
  ['delete', '/sessions'],
  ['delete', '/sessions/abc'],
  ['post', '/password'],
] as const)('%s %s is refused from another site, with and without a session', async (method, path) => {
  for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'null' }]) {
    const plain = testApp.client()[method](`/auth${path}`).set(headers);
    expectFailure(await plain, 'CROSS_SITE_REQUEST');
    const withSession = testApp.client()[method](`/auth${path}`);
    const response = await withSession.set({ ...headers, Cookie: cookieHeader(tokens) });
    expectFailure(response, 'CROSS_SITE_REQUEST');
    expect(response.headers['set-cookie']).toBeUndefined();
  }
  expect((await refreshWith({})).status).toBe(200);
});

test.each(['/profile', '/auth/check', '/auth/info', '/auth/sessions'])(
  'GET %s changes nothing, so links from other sites work',
  async (path) => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', Cookie: cookieHeader(tokens) };
    expect((await testApp.client().get(path).set(headers)).status).toBe(200);
  },
);

describe("a guard on the app's own POST", () => {
  const foreign = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };

  test.each(['/posts', '/comments'])('%s refuses a cookie from another site', async (path) => {
    const cookie = { Cookie: cookieHeader(tokens) };
    expectFailure(
      await testApp
        .client()
        .post(path)
        .set({ ...cookie, ...foreign }),
      'CROSS_SITE_REQUEST',
    );
    expect(
      (
        await testApp
          .client()
          .post(path)
          .set({ ...cookie, Origin: TRUSTED })
      ).status,
    ).toBe(200);
    expect((await testApp.client().post(path).set(cookie)).status).toBe(200);
  });

  test('accepts a bearer token from any site, because browsers never add one by themselves', async () => {
    const bearer = { Authorization: `Bearer ${tokens.accessToken}` };
    expect(
      (
        await testApp
          .client()
          .post('/posts')
          .set({ ...bearer, ...foreign })
      ).status,
    ).toBe(200);
  });

  test('answers 401 to a request from another site without a token', async () => {
    expectFailure(await testApp.client().post('/posts').set(foreign), 'NO_ACCESS_TOKEN');
  });
});

describe('behind a proxy that ends TLS', () => {
  const forwarded = {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'www.example',
    Origin: 'https://www.example',
  };

  test("the app's own origin is the one that a trusted proxy reports", async () => {
    const proxied = createTestApp();
    proxied.app.set('trust proxy', 1);
    await proxied.register('ann');
    tokens = await proxied.tokensOf('ann');
    expect((await refreshWith(forwarded, 'post', proxied)).status).toBe(200);
    const foreign = { ...forwarded, Origin: 'https://evil.example' };
    expectFailure(await refreshWith(foreign, 'post', proxied), 'CROSS_SITE_REQUEST');
    await proxied.auth.close();
  });

  test('the headers of a proxy that the app does not trust are ignored', async () => {
    expectFailure(await refreshWith(forwarded), 'CROSS_SITE_REQUEST');
  });
});

describe('getAliases: false', () => {
  const postOnly = createTestApp({ getAliases: false });

  test.each(['/auth/refresh', '/auth/logout'])('GET %s is 404, and POST still works', async (path) => {
    expect((await postOnly.client().get(path)).status).toBe(404);
    expect((await postOnly.client().head(path)).status).toBe(404);
    expect((await postOnly.client().post(path)).status).not.toBe(404);
  });
});

test('a cookie that looks signed does not hide the cookie of the user behind it', async () => {
  const { app, auth, register, tokensOf } = createTestApp();
  const outer = express().use(cookieParser('secret'), app);
  const { id } = await register('ann');
  const { refreshToken } = await tokensOf('ann');
  const cookie = `refreshToken=s:set.by-a-neighbour; refreshToken=${refreshToken}`;
  expectFailure(await request(outer).get('/auth/logout').set('Cookie', cookie), 'CROSS_SITE_REQUEST');
  expect(await auth.sessions.list(id)).toHaveLength(1);
  await auth.close();
});
