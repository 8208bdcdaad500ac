import express, { type RequestHandler } from 'express';
import passport, { Passport, type Authenticator } from 'passport';
import { MemoryUserStore } from '../../../src/index';
import { useAnn } from '../../helpers/apps/registered-user';
import { ACCESS_SECRET, createTestApp } from '../../helpers/apps/app';
import { expectFailure, type FailureName } from '../../helpers/failures';
import { testClock } from '../../../src/testing/index';
import { resign } from '../../helpers/tokens/tokens';

const clock = testClock();
const whoami: RequestHandler = (req, res) => void res.json(req.user);
type Callback = (error: unknown, user: unknown, info: { code?: string }, status?: number) => void;

/** Always fails, so the next strategy is tried. */
class NeverStrategy extends passport.Strategy {
  override authenticate(): void {
    this.fail('Never', 401);
  }
}

const testApp = createTestApp(
  { users: new MemoryUserStore(), clock, passport: new Passport() as unknown as Authenticator },
  (app, auth) => {
    const authenticate = auth.passport.authenticate.bind(auth.passport) as (
      ...args: unknown[]
    ) => RequestHandler;
    auth.passport.use('never', new NeverStrategy());
    app.all('/plain', authenticate('jwt'), whoami);
    app.all('/sessionless', authenticate('jwt', { session: false }), whoami);
    app.all('/several', authenticate(['never', 'jwt'], { session: false }), whoami);
    app.all('/callback', (req, res, next) => {
      const answer: Callback = (error, user, info, status) =>
        error ? next(error) : void res.json({ user, code: info?.code, status });
      authenticate('jwt', { session: false }, answer)(req, res, next);
    });
    for (const options of [
      { failWithError: true },
      { failWithError: true, session: false, assignProperty: 'account' },
    ])
      app.get(`/with-error/${Object.keys(options).length}`, authenticate('jwt', options), auth.errorHandler);
    app.post(
      '/with-error',
      express.json(),
      authenticate('local', { failWithError: true }),
      auth.errorHandler,
    );
    app.get(
      '/several-with-error',
      authenticate(['jwt', 'never'], { failWithError: true }),
      auth.errorHandler,
    );
    app.get('/other', authenticate('never', { session: false }), whoami);
  },
);

const ann = useAnn(testApp);

const get = (path: string, token: string) =>
  testApp.client().get(path).set('Authorization', `Bearer ${token}`);

test("authenticate('jwt') is the guard itself", () => {
  expect(testApp.auth.passport.authenticate('jwt')).toBe(testApp.auth.tokenVerify);
});

test('a valid token gives the same req.user in every way of use', async () => {
  const { body: expected } = await get('/profile', ann.accessToken).expect(200);
  for (const path of ['/plain', '/sessionless', '/several'])
    expect((await get(path, ann.accessToken).expect(200)).body).toEqual(expected);
  expect((await get('/callback', ann.accessToken)).body).toEqual({ user: expected });
});

const refusals: [string, FailureName, () => string][] = [
  [
    'a forged token',
    'ACCESS_TOKEN_INVALID',
    () => resign(ann.accessToken, 'another secret 0123456789 0123456789', {}),
  ],
  ['no token at all', 'ACCESS_TOKEN_INVALID', () => 'x'],
  [
    'an alg of none',
    'ACCESS_TOKEN_INVALID',
    () => resign(ann.accessToken, ACCESS_SECRET, { header: { alg: 'none' } }),
  ],
  [
    'an expired token',
    'ACCESS_TOKEN_EXPIRED',
    () => resign(ann.accessToken, ACCESS_SECRET, { payload: { exp: 1_700_000_000 } }),
  ],
];

test.each(refusals)('%s gets the same response in every way of use', async (_what, code, token) => {
  for (const path of ['/profile', '/plain', '/sessionless']) expectFailure(await get(path, token()), code);
  expect((await get('/callback', token())).body).toEqual({ user: false, code, status: 401 });
  expect((await get('/several', token())).status).toBe(401);
});

test('a missing token, a foreign page and a revoked session get the same response too', async () => {
  const client = testApp.client();
  for (const path of ['/plain', '/sessionless']) expectFailure(await client.get(path), 'NO_ACCESS_TOKEN');
  expect((await client.get('/callback')).body).toEqual({ user: false, code: 'NO_ACCESS_TOKEN', status: 401 });

  const fromElsewhere = (path: string) =>
    client.post(path).set('Cookie', `accessToken=${ann.accessToken}`).set('Sec-Fetch-Site', 'cross-site');
  for (const path of ['/plain', '/sessionless'])
    expectFailure(await fromElsewhere(path), 'CROSS_SITE_REQUEST');
  expect((await fromElsewhere('/callback')).body).toMatchObject({ code: 'CROSS_SITE_REQUEST', status: 403 });

  const { accessToken: ended, refreshToken } = await testApp.tokensOf('ann');
  await client.post('/auth/logout').send({ refreshToken }).expect(200);
  for (const path of ['/plain', '/sessionless']) expectFailure(await get(path, ended), 'SESSION_REVOKED');
  expect((await get('/callback', ended)).body).toMatchObject({ user: false, code: 'SESSION_REVOKED' });
  expect((await get('/several', ended)).status).toBe(401);
});

test('failWithError hands the AuthError with its code to the next error handler', async () => {
  for (const path of ['/with-error/1', '/with-error/3']) {
    expectFailure(await testApp.client().get(path), 'NO_ACCESS_TOKEN');
    expectFailure(await get(path, 'x'), 'ACCESS_TOKEN_INVALID');
  }
  const wrong = { username: 'ann', password: 'wrong password' };
  expectFailure(await testApp.client().post('/with-error').send(wrong), 'INVALID_CREDENTIALS');
  // Each of several strategies is tried. Their failures together are an error of Passport's, which has no code.
  const several = await get('/several-with-error', 'x');
  expect([several.status, testApp.unforeseen.splice(0)]).toEqual([
    500,
    [expect.objectContaining({ name: 'AuthenticationError', status: 401 })],
  ]);
});

test('null options count as none, and a strategy that replaces ours is used', async () => {
  expect(testApp.auth.passport.authenticate('jwt', null as never)).toBe(testApp.auth.tokenVerify);
  const other = createTestApp({}, (app, auth) => {
    auth.passport.use('jwt', new NeverStrategy());
    app.get('/replaced', auth.passport.authenticate('jwt', { session: false }) as RequestHandler, whoami);
  });
  expect((await other.client().get('/replaced')).text).toBe('Unauthorized');
  await other.auth.close();
});

test('other strategies are left to Passport', async () => {
  const response = await testApp.client().get('/other');
  expect([response.status, response.text, response.headers['www-authenticate']]).toEqual([
    401,
    'Unauthorized',
    'Never',
  ]);
});
