import type { Redis } from 'ioredis';
import { AuthError, MemoryUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { connectRedis, randomPrefix } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';
import { decodeToken } from '../../helpers/tokens/tokens';

type Tokens = Awaited<ReturnType<TestApp['tokensOf']>>;

const USERNAME = 'ann';
const keyPrefix = randomPrefix();

let redis: Redis;
let store: RedisRefreshTokenStore;
/** Two processes: the one that ends a session, and another one. */
let apps: readonly [here: TestApp, there: TestApp];
let userKey: string;

beforeAll(async () => {
  redis = connectRedis();
  store = new RedisRefreshTokenStore(redis, { keyPrefix });
  const users = new MemoryUserStore();
  const start = () => createTestApp({ users, refreshTokens: store, refreshToken: { reuseWindow: '0s' } });
  apps = [start(), start()];
  for (const { auth } of apps) await auth.ready();
  const { id } = await apps[0].register(USERNAME);
  userKey = `${keyPrefix}{${id}}`;
});
afterAll(async () => {
  for (const { auth } of apps) await auth.close();
  redis.disconnect();
});

const refresh = (app: TestApp, { refreshToken }: Tokens) =>
  app.client().post('/auth/refresh').send({ refreshToken });

const sessionOf = ({ refreshToken }: Tokens) => decodeToken(refreshToken).payload['sid'] as string;

const bearer = ({ accessToken }: Tokens) => ['Authorization', `Bearer ${accessToken}`] as const;

/** Runs `happens`. @returns a function that undoes it although it was acknowledged, as a replica promoted too early does */
async function loseLater(happens: () => Promise<unknown>): Promise<() => Promise<unknown>> {
  const before = await redis.dumpBuffer(userKey);
  if (!before) throw new Error('The user has no session');
  await happens();
  return () =>
    redis
      .pipeline()
      .del(`${keyPrefix}revocations`, `${userKey}:ended`)
      .restore(userKey, 60_000, before, 'REPLACE')
      .exec();
}

/** Waits until the guards of all processes know; each reads the log by itself. */
async function waitUntilRefused(tokens: Tokens): Promise<void> {
  for (const app of apps) {
    await eventually('a process knows', async () => {
      const { body } = await app
        .client()
        .get('/profile')
        .set(...bearer(tokens));
      return (body as { code?: string }).code === 'SESSION_REVOKED';
    });
  }
}

async function steal(app: TestApp, stolen: Tokens): Promise<unknown> {
  const { body } = await refresh(app, stolen);
  await refresh(app, body as Tokens).expect(200);
  return refresh(app, stolen).expect(401);
}

test.each<[string, (app: TestApp, ended: Tokens, other: Tokens) => PromiseLike<unknown>]>([
  [
    'logout',
    (app, ended) => app.client().post('/auth/logout').send({ refreshToken: ended.refreshToken }).expect(200),
  ],
  [
    'logout-all',
    (app, _ended, other) =>
      app
        .client()
        .post('/auth/logout-all')
        .set(...bearer(other))
        .expect(200),
  ],
  [
    'ending one session',
    (app, ended, other) =>
      app
        .client()
        .delete(`/auth/sessions/${sessionOf(ended)}`)
        .set(...bearer(other))
        .expect(204),
  ],
  [
    'ending all other sessions',
    (app, _ended, other) =>
      app
        .client()
        .delete('/auth/sessions')
        .set(...bearer(other))
        .expect(200),
  ],
  ['a detected theft', (app, ended) => steal(app, ended)],
  [
    'a password change',
    (app, _ended, other) =>
      app
        .client()
        .post('/auth/password')
        .set(...bearer(other))
        .send({ currentPassword: PASSWORD, newPassword: PASSWORD })
        .expect(200),
  ],
])(
  "%s that the store has lost: any process that sees the session's token ends the session again",
  async (_name, end) => {
    const [here] = apps;
    const [ended, other] = [await here.tokensOf(USERNAME), await here.tokensOf(USERNAME)];
    const undo = await loseLater(async () => end(here, ended, other));
    await waitUntilRefused(ended);
    for (const app of apps) {
      await undo();
      expect(await redis.hexists(userKey, sessionOf(ended))).toBe(1);
      expectFailure(await refresh(app, ended), 'SESSION_NOT_FOUND');
      expect(await redis.hexists(userKey, sessionOf(ended))).toBe(0);
    }
  },
);

test("a refresh gets 503 while the lost session can't be ended again", async () => {
  const [here] = apps;
  const tokens = await here.tokensOf(USERNAME);
  const undo = await loseLater(async () =>
    here.client().post('/auth/logout').send({ refreshToken: tokens.refreshToken }).expect(200),
  );
  await undo();
  const revoke = jest.spyOn(store, 'revoke').mockRejectedValueOnce(new AuthError('SERVICE_UNAVAILABLE'));
  expectFailure(await refresh(here, tokens), 'SERVICE_UNAVAILABLE');
  revoke.mockRestore();
  expectFailure(await refresh(here, tokens), 'SESSION_NOT_FOUND');
});

/** Makes two rotations and loses the second. A thief has the token that the second one exchanged. */
async function loseRotation(app: TestApp) {
  const first = await app.tokensOf(USERNAME);
  const stolen = (await refresh(app, first).expect(200)).body as Tokens;
  let owner: Tokens | undefined;
  const undo = await loseLater(async () => (owner = (await refresh(app, stolen).expect(200)).body as Tokens));
  await undo();
  return { stolen, owner: owner as unknown as Tokens };
}

test('a user stays logged in after the store has lost a rotation', async () => {
  const [here, there] = apps;
  const { owner } = await loseRotation(here);
  const { body } = await refresh(there, owner).expect(200);
  await refresh(here, body as Tokens).expect(200);
});

test('once the owner has refreshed, the token of a lost rotation counts as stolen', async () => {
  const [here, there] = apps;
  const { owner, stolen } = await loseRotation(here);
  await refresh(there, owner).expect(200);
  expectFailure(await refresh(there, stolen), 'REFRESH_TOKEN_REUSED');
});

test.each([
  ['owner', 'thief'],
  ['thief', 'owner'],
])('a thief who refreshes first is detected when both have refreshed again (%s first)', async (...order) => {
  const [here, there] = apps;
  const { owner, stolen } = await loseRotation(here);
  const thief = (await refresh(there, stolen).expect(200)).body as Tokens;
  const [one, other] = order.map((who) => (who === 'owner' ? owner : thief)) as [Tokens, Tokens];
  await refresh(here, one).expect(200);
  expectFailure(await refresh(there, other), 'REFRESH_TOKEN_REUSED');
});
