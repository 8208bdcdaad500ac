import express, { type RequestHandler } from 'express';
import { Strategy as LocalStrategy } from 'passport-local';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  type AuthEvent,
  type CompleteLoginOptions,
} from '../../../src/index';
import {
  createRealStores,
  createTestApp,
  setCookies,
  type RealStores,
  type TestApp,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

// completeLogin({ reauthenticate: true }): any strategy proves the user again, in the same session.
let stores: RealStores;
let testApp: TestApp;
let ids: Record<'ann' | 'bob', string>;
const events: AuthEvent[] = [];

/** Replaces a Passport strategy, and sets the info that it passes beside the user. */
const prove: RequestHandler = (req, _res, next) => {
  const { id, amr, authTime } = req.body as { id: string; amr?: string[]; authTime?: string };
  req.user = { id } as Express.User;
  req.authInfo = { ...(amr && { amr }), ...(authTime && { authTime: new Date(authTime) }) };
  next();
};

beforeAll(async () => {
  stores = await createRealStores();
  const { users } = stores.options;
  const create = async (username: string) => (await users.create({ username, passwordHash: null })).id;
  ids = { ann: await create('ann'), bob: await create('bob') };
  testApp = createTestApp(stores.options, (app, auth) => {
    auth.passport.use(
      'pin',
      new LocalStrategy({ usernameField: 'id', passwordField: 'pin' }, (id, pin, done) =>
        done(null, pin === '1234' && ({ id } as Express.User)),
      ),
    );
    const mount = (path: string, options: CompleteLoginOptions, proof: RequestHandler = prove) =>
      app.post(path, express.json(), proof, auth.completeLogin(options));
    mount('/again', { reauthenticate: true });
    mount('/again-by-key', { reauthenticate: true, amr: ['hwk', 'mfa'] });
    mount('/again-and-on', { reauthenticate: true, redirectTo: '/settings' });
    mount(
      '/again-by-pin',
      { reauthenticate: true, amr: ['pin'] },
      auth.passport.authenticate('pin', { session: false }),
    );
    app.get('/secure', auth.guard({ secondFactor: true, freshWithin: '5m' }), (_req, res) => res.json({}));
  });
  await testApp.auth.ready();
  testApp.auth.events.onAny((event) => events.push(event));
});

beforeEach(() => void events.splice(0));

afterAll(async () => {
  await testApp.auth.close();
  await stores.close();
});

const anHourAgo = () => new Date(Date.now() - 60 * 60_000);

async function sessionOf(name: 'ann' | 'bob', amr?: string[]) {
  const { sessionId, accessToken, refreshToken } = await testApp.auth.sessions.start(ids[name], {
    authTime: anHourAgo(),
    ...(amr && { amr }),
  });
  events.length = 0;
  const post = (path: string, body: object) => {
    const { client } = testApp;
    return client()
      .post(path)
      .set('Cookie', `accessToken=${accessToken}; refreshToken=${refreshToken}`)
      .send(body);
  };
  return { sessionId, accessToken, refreshToken, post };
}

const sessionsOf = (name: 'ann' | 'bob') => testApp.auth.sessions.list(ids[name]);
const claimsIn = (token: string | undefined) => decodeToken(token ?? '').payload;

test('a proof of the user who is logged in raises that session, and begins no other', async () => {
  const { post, sessionId } = await sessionOf('ann', ['pwd']);
  const count = (await sessionsOf('ann')).length;
  const answer = await post('/again-by-key', { id: ids.ann });
  expect([answer.status, answer.body]).toEqual([
    200,
    { message: 'Reauthentication successful', user: { id: ids.ann, username: 'ann', roles: [] } },
  ]);
  expect(answer.headers['cache-control']).toBe('no-store');
  const cookies = setCookies(answer);
  expect(claimsIn(cookies['accessToken']?.value)).toMatchObject({ sid: sessionId, amr: ['hwk', 'mfa'] });
  expect(await sessionsOf('ann')).toHaveLength(count);
  expect(events).toMatchObject([
    { type: 'reauthenticated', userId: ids.ann, sessionId, amr: ['hwk', 'mfa'] },
  ]);
  const raised = `accessToken=${cookies['accessToken']?.value}`;
  expect((await testApp.client().get('/secure').set('Cookie', raised)).status).toBe(200);
});

test('the proof of another user is refused, and nothing changes', async () => {
  const { post, sessionId, refreshToken } = await sessionOf('ann', ['pwd']);
  const before = await testApp.auth.sessions.list(ids.ann);
  const answer = await post('/again-by-key', { id: ids.bob });
  expect([answer.status, answer.body]).toEqual([
    401,
    { code: 'INVALID_CREDENTIALS', message: 'This is not the user who is logged in' },
  ]);
  expect(answer.headers['set-cookie']).toBeUndefined();
  expect(await testApp.auth.sessions.list(ids.ann)).toEqual(before);
  expect(await sessionsOf('bob')).toEqual([]);
  expect(events).toMatchObject([{ type: 'reauthenticateFailed', userId: ids.ann, sessionId }]);
  expect((await testApp.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
  const korean = await post('/again', { id: ids.bob }).set('Accept-Language', 'ko');
  expect(korean.body.message).toBe('현재 로그인한 사용자가 아닙니다.');
});

test.each(['no-one', '', undefined])('a proof of the user %j is refused', async (id) => {
  const { post } = await sessionOf('ann');
  const answer = await post('/again', { id });
  expect([401, 500]).toContain(answer.status);
  testApp.unforeseen.splice(0);
  expect(events.map(({ type }) => type)).not.toContain('reauthenticated');
});

test('without a session, or in one that has ended, there is nothing to raise', async () => {
  expectFailure(await testApp.client().post('/again').send({ id: ids.ann }), 'NO_ACCESS_TOKEN');
  const { post, sessionId } = await sessionOf('ann');
  await stores.options.refreshTokens.revoke(ids.ann, sessionId);
  expectFailure(await post('/again', { id: ids.ann }), 'SESSION_REVOKED');
  expect(events.map(({ type }) => type)).not.toContain('login');
});

test('a page of another site raises nothing', async () => {
  const { post } = await sessionOf('ann');
  const answer = await post('/again', { id: ids.ann }).set('Sec-Fetch-Site', 'cross-site');
  expectFailure(answer, 'CROSS_SITE_REQUEST');
});

test('works behind a strategy of Passport, which decides whether the proof is right', async () => {
  const { post, sessionId } = await sessionOf('ann');
  expect((await post('/again-by-pin', { id: ids.ann, pin: '0000' })).status).toBe(401);
  const right = await post('/again-by-pin', { id: ids.ann, pin: '1234' });
  expect(claimsIn(setCookies(right)['accessToken']?.value)).toMatchObject({ sid: sessionId, amr: ['pin'] });
  const { post: postInAnother } = await sessionOf('ann');
  expect((await postInAnother('/again-by-pin', { id: ids.bob, pin: '1234' })).status).toBe(401);
});

test('what the strategy says is what the session says: when, and how', async () => {
  const { post } = await sessionOf('ann', ['pwd', 'otp', 'mfa']);
  const authTime = new Date(Date.now() - 120_000);
  const answer = await post('/again-by-key', {
    id: ids.ann,
    amr: ['face'],
    authTime: authTime.toISOString(),
  });
  const claims = claimsIn(setCookies(answer)['accessToken']?.value);
  expect(claims).toMatchObject({ amr: ['face'] });
  const [session] = await sessionsOf('ann');
  expect([session?.authTime, session?.amr]).toEqual([authTime, ['face']]);
});

test('only a password keeps that the login had a second factor', async () => {
  const amrAfter = async (amr: string[] | undefined) => {
    const { post } = await sessionOf('ann', ['pwd', 'otp', 'mfa']);
    return claimsIn(setCookies(await post('/again', { id: ids.ann, amr }))['accessToken']?.value)['amr'];
  };
  expect(await amrAfter(['pwd'])).toEqual(['pwd', 'mfa']);
  expect(await amrAfter(['pwd', 'user'])).toEqual(['pwd', 'user']);
  expect(await amrAfter(['fed'])).toEqual(['fed']);
  expect(await amrAfter(undefined)).toBeUndefined();
});

test('a time that is still to come counts as now', async () => {
  const { post } = await sessionOf('ann');
  const authTime = new Date(Date.now() + 60 * 60_000).toISOString();
  await post('/again', { id: ids.ann, authTime });
  expect((await sessionsOf('ann'))[0]?.authTime.getTime()).toBeLessThanOrEqual(Date.now() + 5000);
});

test('redirectTo sends a browser on, and a client with tokens in a header gets them in the body', async () => {
  const { post } = await sessionOf('ann');
  const redirected = await post('/again-and-on', { id: ids.ann });
  expect([redirected.status, redirected.headers['location']]).toEqual([303, '/settings']);
  expect(Object.keys(setCookies(redirected)).sort()).toEqual(['accessToken', 'refreshToken']);
  const { accessToken } = await sessionOf('ann');
  const answer = await testApp
    .client()
    .post('/again-and-on')
    .auth(accessToken, { type: 'bearer' })
    .send({ id: ids.ann });
  expect(answer.body).toMatchObject({ tokenType: 'Bearer', user: { id: ids.ann } });
  expect(answer.headers['set-cookie']).toBeUndefined();
});

test('a refresh token that was copied before yields nothing', async () => {
  const { post, refreshToken } = await sessionOf('ann');
  expect((await post('/again', { id: ids.ann })).status).toBe(200);
  expectFailure(await testApp.client().post('/auth/refresh').send({ refreshToken }), 'REFRESH_TOKEN_REUSED');
});

test('many proofs at once raise the session, and each answer refreshes it', async () => {
  const { post } = await sessionOf('ann');
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('/again', { id: ids.ann })));
  const tokens = answers.map((answer) => setCookies(answer)['refreshToken']?.value as string);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const newest = tokens.sort((a, b) => Number(claimsIn(b)['gen']) - Number(claimsIn(a)['gen']))[0];
  const refreshed = await testApp.client().post('/auth/refresh').send({ refreshToken: newest });
  expect(refreshed.status).toBe(200);
});

describe('completeLogin({ reauthenticate: true })', () => {
  test.each<[string, CompleteLoginOptions]>([
    ['remember', { remember: false }],
    ['transport', { transport: 'body' }],
  ])('is a TypeError together with %s', (name, options) => {
    const make = () => testApp.auth.completeLogin({ reauthenticate: true, ...options });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`completeLogin(): ${name} can't come together with reauthenticate`);
  });

  test('is a TypeError for a store that can not raise sessions', async () => {
    const refreshTokens = new MemoryRefreshTokenStore();
    Object.assign(refreshTokens, { raise: undefined });
    const { auth } = createTestApp({ users: new MemoryUserStore(), refreshTokens });
    expect(() => auth.completeLogin({ reauthenticate: true })).toThrow(
      'completeLogin(): reauthenticate needs refreshTokens to have the method raise()',
    );
    expect(() => auth.completeLogin()).not.toThrow();
    await auth.close();
  });
});
