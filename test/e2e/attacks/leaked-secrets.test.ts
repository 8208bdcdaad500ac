import { createSecretKey, randomBytes } from 'node:crypto';
import type { AuthEvent } from '../../../src/index';
import { TextSealer } from '../../../src/tokens/sealed-text';
import {
  ACCESS_SECRET,
  cookieHeader,
  createRealStores,
  createTestApp,
  REFRESH_SECRET,
  type RealStores,
  type TestApp,
  type TestOptions,
} from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';
import { decodeToken, resign, signByHand } from '../../helpers/tokens/tokens';

/** What docs/threat-model.md says about leaked secrets, and about replacing them. */

const NEXT = 'the-next-secret-of-the-tests-0123456789';
const mounted: Parameters<typeof createTestApp>[1] = (app, auth) => {
  const show = (req: { user?: unknown }, res: { json(body: unknown): unknown }) => void res.json(req.user);
  app.get('/checked', auth.guard({ checkSession: true }), show);
  app.get('/admin', auth.guard({ roles: ['admin'] }), show);
  app.get('/stored-admin', auth.guard({ roles: ['admin'], loadUser: true }), show);
  app.get('/flow/:handle', (req, res, next) => {
    auth.flowState.take(req, req.params['handle']).then((data) => res.json(data), next);
  });
  app.use(auth.errorHandler);
};
let stores: RealStores;
let testApp: TestApp;
let tokens: { accessToken: string; refreshToken: string };
let user: { id: string };
let users = 0;
const apps: TestApp[] = [];

/** An app with the same users and sessions but other secrets, as after a deployment. */
function deploy(secrets: TestOptions = {}): TestApp {
  const app = createTestApp({ ...stores.options, ...secrets }, mounted);
  apps.push(app);
  return app;
}
beforeAll(async () => {
  stores = await createRealStores();
  testApp = deploy();
});
beforeEach(async () => {
  users += 1;
  const username = `owner ${users}`;
  user = await stores.options.users.create({ username, passwordHash: null });
  tokens = await testApp.tokensOf(username);
});
afterAll(async () => {
  await Promise.all(apps.map(({ auth }) => auth.close()));
  await stores.close();
});

const get = (path: string, token: string, app = testApp) =>
  app.client().get(path).set('Authorization', `Bearer ${token}`);
const refresh = (refreshToken: string, app = testApp) =>
  app.client().post('/auth/refresh').send({ refreshToken });

describe('the refresh secret', () => {
  const forged = (payload: object) =>
    resign(tokens.refreshToken, REFRESH_SECRET, { payload: { ...payload } });

  test('makes no access tokens', async () => {
    const { header, payload } = decodeToken(tokens.accessToken);
    expectFailure(await get('/profile', signByHand(header, payload, REFRESH_SECRET)), 'ACCESS_TOKEN_INVALID');
  });

  test("makes no session that is not stored, and takes no other user's session", async () => {
    const noSession = randomBytes(16).toString('base64url');
    expectFailure(await refresh(forged({ sid: noSession })), 'SESSION_NOT_FOUND');
    const other = await stores.options.users.create({ username: `other ${users}`, passwordHash: null });
    expectFailure(await refresh(forged({ sub: other.id })), 'SESSION_NOT_FOUND');
  });

  test('takes over a session whose user and id are known, until its owner refreshes', async () => {
    const reuses: AuthEvent[] = [];
    const listen = (event: AuthEvent) => void reuses.push(event);
    testApp.auth.events.on('reuse', listen);
    const taken = await refresh(forged({ gen: 1000 }));
    expect(taken.status).toBe(200);
    const { accessToken } = taken.body as { accessToken: string };
    expect((await get('/profile', accessToken)).body).toMatchObject({ id: user.id });
    expectFailure(await refresh(tokens.refreshToken), 'REFRESH_TOKEN_REUSED');
    expectFailure(await get('/profile', accessToken), 'SESSION_REVOKED');
    expect(reuses).toMatchObject([{ userId: user.id, generation: 1 }]);
    testApp.auth.events.off('reuse', listen);
  });

  test('opens and makes flow states, so the first step of a flow can be skipped', async () => {
    const handle = randomBytes(24).toString('base64url');
    const seal = (secret: string) =>
      new TextSealer([createSecretKey(Buffer.from(secret))]).seal(
        JSON.stringify({ exp: Date.now() + 60_000, data: { userId: user.id } }),
        handle,
      );
    const take = (secret: string) => {
      const cookies = cookieHeader({ [`flowState.${handle.slice(0, 8)}`]: seal(secret) });
      return testApp.client().get(`/flow/${handle}`).set('Cookie', cookies);
    };
    expectFailure(await take(ACCESS_SECRET), 'FLOW_STATE_INVALID');
    expect((await take(REFRESH_SECRET)).body).toEqual({ userId: user.id });
  });

  test('is useless once it is replaced, and all users must log in again', async () => {
    const after = deploy({ refreshToken: { secret: NEXT } });
    expectFailure(await refresh(tokens.refreshToken, after), 'REFRESH_TOKEN_INVALID');
    expectFailure(await refresh(forged({ gen: 1000 }), after), 'REFRESH_TOKEN_INVALID');
    expect((await get('/profile', tokens.accessToken, after)).status).toBe(200);
  });
});

describe('the access secret', () => {
  const forged = (payload: object = {}) =>
    resign(tokens.accessToken, ACCESS_SECRET, {
      payload: { sid: 'never-was', roles: ['admin'], ...payload },
    });

  test('makes access tokens for any user with any role, which only guards that ask a store refuse', async () => {
    expect((await get('/admin', forged())).status).toBe(200);
    expectFailure(await get('/checked', forged()), 'SESSION_REVOKED');
    expectFailure(await get('/stored-admin', forged()), 'FORBIDDEN');
  });

  test('finds the ids of sessions, so checkSession is not enough', async () => {
    const { body } = await get('/auth/sessions', forged());
    const [session] = (body as { sessions: { id: string }[] }).sessions;
    expect((await get('/checked', forged({ sid: session?.id }))).body).toMatchObject({ roles: ['admin'] });
  });

  test('makes no refresh tokens', async () => {
    const { header, payload } = decodeToken(tokens.refreshToken);
    expectFailure(await refresh(signByHand(header, payload, ACCESS_SECRET)), 'REFRESH_TOKEN_INVALID');
    expectFailure(await refresh(forged()), 'REFRESH_TOKEN_INVALID');
  });

  test('still works while it is in the list behind the new one', async () => {
    const after = deploy({ accessToken: { secret: [NEXT, ACCESS_SECRET] } });
    expect((await get('/admin', forged(), after)).status).toBe(200);
  });

  test('is useless once it is replaced, and users continue after a refresh', async () => {
    const after = deploy({ accessToken: { secret: NEXT } });
    expectFailure(await get('/admin', forged(), after), 'ACCESS_TOKEN_INVALID');
    expectFailure(await get('/profile', tokens.accessToken, after), 'ACCESS_TOKEN_INVALID');
    const { body } = await refresh(tokens.refreshToken, after).expect(200);
    expect((await get('/profile', (body as typeof tokens).accessToken, after)).status).toBe(200);
  });
});

test('replacing both secrets ends every session of every user', async () => {
  const after = deploy({ accessToken: { secret: NEXT }, refreshToken: { secret: `${NEXT}-too` } });
  expectFailure(await get('/profile', tokens.accessToken, after), 'ACCESS_TOKEN_INVALID');
  expectFailure(await refresh(tokens.refreshToken, after), 'REFRESH_TOKEN_INVALID');
});
