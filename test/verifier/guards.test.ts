import { generateKeyPairSync } from 'node:crypto';
import { createServer, get as httpGet, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { MemoryRefreshTokenStore, RedisRefreshTokenStore } from '../../src';
import { testClock } from '../../src/testing';
import { createVerifier, type VerifierOptions } from '../../src/verifier';
import { connectRedis, randomPrefix } from '../helpers/apps/backends';
import { cookieHeader, type TestApp } from '../helpers/apps/app';
import { AUDIENCE, createLoginService, ISSUER, jwksOf, useServices } from '../helpers/apps/login-service';
import { eventually } from '../helpers/eventually';
import { expectFailure } from '../helpers/failures';

const createService = useServices();

test('req.user is what the login service has signed, with the claims of its app', async () => {
  const login = createLoginService({ accessToken: { claims: () => ({ tenant: 'acme' }) } });
  const { id } = await login.register('ann');
  const { accessToken } = await login.tokensOf('ann');
  const { get, verifier } = createService({ jwks: await jwksOf(login) });
  const here = (await get('/profile', accessToken)).body as object;
  expect(here).toEqual((await login.client().get('/profile').auth(accessToken, { type: 'bearer' })).body);
  expect(await verifier.verify(accessToken)).toMatchObject({ id, claims: { tenant: 'acme' } });
});

test('the guards of a verifier judge roles and fresh logins, and refuse as those of createAuth do', async () => {
  const clock = testClock();
  const login = createLoginService({ clock });
  await login.register('ann');
  const { accessToken } = await login.tokensOf('ann');
  const { get, client } = createService({ jwks: await jwksOf(login), clock }, (app, { guard }) => {
    app.get('/admin', guard({ roles: ['admin'] }), (_req, res) => void res.json({}));
    app.get('/fresh', guard({ freshWithin: '5m' }), (_req, res) => void res.json({}));
    app.get('/factor', guard({ secondFactor: true }), (_req, res) => void res.json({}));
    app.get('/verified', guard({ emailVerified: true }), (_req, res) => void res.json({}));
    app.get(
      '/optional',
      guard({ optional: true }),
      (req, res) => void res.json({ code: req.authInfo?.code }),
    );
    app.post('/post', guard(), (_req, res) => void res.json({}));
  });
  expectFailure(await get('/profile'), 'NO_ACCESS_TOKEN');
  expectFailure(await get('/admin', accessToken), 'FORBIDDEN');
  expectFailure(await get('/verified', accessToken), 'EMAIL_NOT_VERIFIED');
  const oneFactor = await get('/factor', accessToken);
  expect([oneFactor.status, oneFactor.body.code]).toEqual([401, 'REAUTHENTICATION_REQUIRED']);
  expect(oneFactor.headers['www-authenticate']).toContain('acr_values="mfa"');
  expect((await get('/fresh', accessToken)).status).toBe(200);
  expect((await get('/optional')).body).toEqual({ code: 'NO_ACCESS_TOKEN' });
  const foreign = { Cookie: cookieHeader({ accessToken }), Origin: 'https://evil.example' };
  expectFailure(await client().post('/post').set(foreign), 'CROSS_SITE_REQUEST');
  clock.advance('6m');
  const stale = await get('/fresh', accessToken);
  expectFailure(stale, 'REAUTHENTICATION_REQUIRED');
  expect(stale.headers['www-authenticate']).toContain('max_age="300"');
  clock.advance('25m');
  expectFailure(await get('/profile', accessToken), 'ACCESS_TOKEN_EXPIRED');
  const korean = await get('/profile', accessToken).set('Accept-Language', 'ko');
  expect(korean.headers['content-language']).toBe('ko');
});

test('a cookie counts under its name, from pages of the service and of trusted origins, whatever another app keeps beside it', async () => {
  const tokenOf = async (login: TestApp) => {
    await login.register('ann');
    return (await login.tokensOf('ann')).accessToken;
  };
  const login = createLoginService();
  const [mine, foreign] = [await tokenOf(login), await tokenOf(createLoginService())];
  const trusted = 'https://app.example.com';
  const { client } = createService(
    { jwks: await jwksOf(login), cookieName: 'visa', trustedOrigins: [trusted], locale: 'ko' },
    (app, { guard }) => void app.post('/posts', guard(), (_req, res) => void res.json({ code: 'OK' })),
  );
  const asks: [cookie: string, headers: object, code: string][] = [
    [`visa=${mine}`, {}, 'OK'],
    [`visa=${foreign}; visa=${mine}`, {}, 'OK'],
    [`visa=${mine}; accessToken=${foreign}`, {}, 'OK'],
    [`visa=${mine}`, { Origin: trusted, 'Sec-Fetch-Site': 'cross-site' }, 'OK'],
    [`accessToken=${mine}`, {}, 'NO_ACCESS_TOKEN'],
    [`visa=${foreign}`, {}, 'ACCESS_TOKEN_INVALID'],
    [`visa=${mine}`, { Authorization: `Bearer ${foreign}` }, 'ACCESS_TOKEN_INVALID'],
    [`visa=${mine}`, { Origin: 'https://evil.example.com' }, 'CROSS_SITE_REQUEST'],
    [`visa=${mine}`, { 'Sec-Fetch-Site': 'cross-site' }, 'CROSS_SITE_REQUEST'],
  ];
  for (const [Cookie, headers, code] of asks) {
    const { body } = await client()
      .post('/posts')
      .set({ Cookie, ...headers });
    const { code: got, message } = body as { code: string; message?: string };
    expect([Cookie, headers, got]).toEqual([Cookie, headers, code]);
    if (code !== 'OK') expect(message).toMatch(/[가-힣]/);
  }
});

test('a token counts as expired when it is older than the lifetime that the verifier knows', async () => {
  const clock = testClock();
  const login = createLoginService({ clock, accessToken: { expiresIn: '1h' } });
  await login.register('ann');
  const { accessToken } = await login.tokensOf('ann');
  const jwks = await jwksOf(login);
  const short = createService({ jwks, clock, expiresIn: '30m' });
  const long = createService({ jwks, clock, expiresIn: '1h' });
  for (const { get } of [short, long]) expect((await get('/profile', accessToken)).status).toBe(200);
  clock.advance('45m');
  expectFailure(await short.get('/profile', accessToken), 'ACCESS_TOKEN_EXPIRED');
  expect((await long.get('/profile', accessToken)).status).toBe(200);
});

test('verify checks a request of plain node:http, and the guard answers without Express', async () => {
  const login = createLoginService();
  await login.register('ann');
  const { accessToken } = await login.tokensOf('ann');
  const { verifier } = createService({ jwks: await jwksOf(login) });
  const server = createServer((req, res) => {
    void (verifier.tokenVerify as (...args: unknown[]) => void)(req, res, () =>
      verifier.verify(req).then(({ id }) => res.end(id)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const statusWith = async (headers: Record<string, string>) => {
    const [response] = (await once(httpGet({ port, headers }), 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
  expect(await statusWith({ authorization: `Bearer ${accessToken}` })).toBe(200);
  expect(await statusWith({})).toBe(401);
  server.close();
});

describe('a session that ends at the login service', () => {
  test.each(['memory', 'redis'] as const)('is refused here at once: %s', async (backend) => {
    const prefix = { keyPrefix: randomPrefix() };
    const redis = backend === 'redis' ? [connectRedis(), connectRedis()] : [];
    const [one, other] = redis.map((client) => new RedisRefreshTokenStore(client, prefix));
    const refreshTokens = one ?? new MemoryRefreshTokenStore();
    const login = createLoginService({ refreshTokens });
    await login.register('ann');
    const { accessToken, refreshToken } = await login.tokensOf('ann');
    const { get, verifier } = createService(
      { jwks: await jwksOf(login), revocations: other ?? refreshTokens, onStoreDown: 'deny' },
      (app, { guard }) => {
        app.get('/checked', guard({ checkSession: true }), (_req, res) => void res.json({}));
      },
    );
    await Promise.all([verifier.ready(), login.auth.ready()]);
    for (const path of ['/profile', '/checked']) expect((await get(path, accessToken)).status).toBe(200);
    await login.client().post('/auth/logout').send({ refreshToken });
    await eventually('the service refuses', async () => (await get('/profile', accessToken)).status === 401);
    for (const path of ['/profile', '/checked'])
      expectFailure(await get(path, accessToken), 'SESSION_REVOKED');
    await expect(verifier.verify(accessToken)).rejects.toMatchObject({ code: 'SESSION_REVOKED' });
    await Promise.all([verifier.close(), login.auth.close()]);
    for (const client of redis) client.disconnect();
  });

  test('with onStoreDown deny the answer is 503 while the service can not know, and without it the token decides', async () => {
    const login = createLoginService();
    await login.register('ann');
    const { accessToken } = await login.tokensOf('ann');
    const silent = Object.assign(new MemoryRefreshTokenStore(), {
      followRevocations: () => ({ announce: () => Promise.resolve(), close: () => undefined }),
    });
    const jwks = await jwksOf(login);
    const denying = createService({ jwks, revocations: silent, onStoreDown: 'deny' });
    const allowing = createService({ jwks, revocations: silent });
    expectFailure(await denying.get('/profile', accessToken), 'SERVICE_UNAVAILABLE');
    expect((await allowing.get('/profile', accessToken)).status).toBe(200);
  });
});

const { publicKey } = generateKeyPairSync('ed25519');
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'a' }] } as VerifierOptions['jwks'];
const minimum = { jwks, issuer: ISSUER, audience: AUDIENCE };

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'no issuer',
    { issuer: undefined },
    /^createVerifier\(\): issuer is missing: without it .*accessToken.issuer/,
  ],
  ['no audience', { audience: '' }, /^createVerifier\(\): audience is missing: .*accessToken.audience/],
  ['no keys', { jwks: undefined }, /jwks must be the address of .*jwks.json, or a JWK Set, and is missing/],
  ['an address that is none', { jwks: 'login' }, /jwks must be an address such as https:/],
  ['plain http', { jwks: 'http://login.example.com/jwks.json' }, /jwks must be an https address.* allowHttp/],
  [
    'a password in the address',
    { jwks: 'https://a:b@login.example.com' },
    /must have no user and no password/,
  ],
  [
    'an empty set',
    { jwks: { keys: [] } },
    /jwks has no key that can verify access tokens: the list is empty/,
  ],
  ['a private key', { jwks: { keys: [{ kty: 'OKP', d: 'x', kid: 'a' }] } }, /a key has private members/],
  ['a store that is none', { revocations: {} }, /revocations must be the store of sessions/],
  [
    'deny without a store',
    { onStoreDown: 'deny' },
    /onStoreDown is 'deny', which needs the option revocations/,
  ],
  ['an unknown option', { isuer: ISSUER }, /Unknown option isuer: .*did you mean issuer/],
  ['a lifetime without a unit', { expiresIn: '30' }, /expiresIn must be seconds or a text with its unit/],
  [
    'an origin with a path',
    { trustedOrigins: ['https://a.example/x'] },
    /trustedOrigins must be an origin such as/,
  ],
  ['a cookie name with a space', { cookieName: 'a b' }, /cookieName must be a cookie name/],
  ['a size below zero', { cacheSize: -1 }, /cacheSize must be a whole number/],
  ['a text as a flag', { allowHttp: 'yes' }, /allowHttp must be true or false, not a text/],
])('createVerifier throws at start: %s', (_what, changes, message) => {
  expect(() => createVerifier({ ...minimum, ...changes })).toThrow(message);
  expect(() => createVerifier({ ...minimum, ...changes })).toThrow(TypeError);
});

test.each<[string, unknown, RegExp]>([
  [
    'loadUser',
    { loadUser: true },
    /^guard\(\): loadUser needs the user store, which only the login service has/,
  ],
  ['renew', { renew: true }, /^guard\(\): renew needs the refresh token/],
  ['checkSession without a store', { checkSession: true }, /checkSession needs the option revocations/],
  ['deny without a store', { onStoreDown: 'deny' }, /onStoreDown 'deny' needs the option revocations/],
  ['roles as text', { roles: 'admin' }, /roles must be a list of at least one role, not a text/],
  ['no role', { roles: [] }, /roles must be a list of at least one role, not an empty list/],
  ['an empty role', { roles: ['a', ''] }, /roles must be a list of texts, and has an empty text/],
  ['a method with a quote', { amr: ['a"b'] }, /amr must be a list of methods .*quotes.*, and has a text/],
  ['an unknown option', { role: ['admin'] }, /Unknown option role: .*did you mean roles/],
  ['a duration without a unit', { freshWithin: '5' }, /freshWithin must be seconds or a text with its unit/],
  ['no object', 'admin', /guard\(\) needs an object of options/],
  [
    'a request',
    { httpVersion: '1.1' },
    /guard\(\) got a request: call it where .* app.use\(verifier.guard\(\)\)/,
  ],
])('guard throws where the route is made: %s', async (_what, options, message) => {
  const verifier = createVerifier(minimum);
  expect(() => verifier.guard(options as never)).toThrow(message);
  await verifier.close();
});

test('a request in the place of options says where it belongs', async () => {
  const request = { httpVersion: '1.1' } as never;
  const verifier = createVerifier(minimum);
  await expect(verifier.verify('', request)).rejects.toThrow(
    'verify() got a request in place of its options: the options come second, as in verify(req, { optional: true })',
  );
  expect(() => createVerifier(request)).toThrow(
    'createVerifier() got a request in place of its options: call it once at start, as in createVerifier({ jwks, issuer, audience })',
  );
  await verifier.close();
});
