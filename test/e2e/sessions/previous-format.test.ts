import { createHmac } from 'node:crypto';
import type { Redis } from 'ioredis';
import {
  MemoryUserStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type RefreshTokenStore,
} from '../../../src/index';
import { ACCESS_SECRET, createTestApp, REFRESH_SECRET, type TestApp } from '../../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { expectFailure } from '../../helpers/failures';
import {
  FIRST_SCHEMA,
  firstCreate,
  firstFind,
  firstRotate,
  FIRST_ROTATION,
  firstSession,
} from '../../helpers/tokens/previous-format';

/** Sessions and tokens as the first version of this package wrote them. They are written out here, not made by src/. */
const createdAt = Date.now() - 600_000;
const lastRotation = Date.now() - 120_000;
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0';

interface Backend {
  store: RefreshTokenStore;
  /** Stores a session of generation 3, as the first version did. */
  plant(userId: string, sessionId: string): Promise<void>;
}

let redis: Redis;
let database: TestDatabase;
const backends: Record<'Redis' | 'PostgreSQL', () => Promise<Backend>> = {
  Redis() {
    const keyPrefix = randomPrefix();
    return Promise.resolve({
      store: new RedisRefreshTokenStore(redis, { keyPrefix }),
      async plant(userId, sessionId) {
        await redis.hset(
          `${keyPrefix}{${userId}}`,
          sessionId,
          firstSession({ createdAt, lastRotation, USER_AGENT }),
        );
        await redis.pexpire(`${keyPrefix}{${userId}}`, 10_000_000);
      },
    });
  },
  async PostgreSQL() {
    await database.pool.query('DROP TABLE IF EXISTS visa_refresh_tokens, visa_attempts, visa_revocations');
    await database.pool.query(FIRST_SCHEMA);
    const store = new PostgresRefreshTokenStore(database.pool);
    return {
      store,
      async plant(userId, sessionId) {
        const [start, used, end] = [createdAt, lastRotation, lastRotation + 10_800_000].map(
          (ms) => new Date(ms),
        );
        await database.pool.query(firstCreate, [
          sessionId,
          userId,
          start,
          start,
          end,
          false,
          '192.0.2.7',
          USER_AGENT,
        ]);
        await database.pool.query(
          'UPDATE visa_refresh_tokens SET generation = 3, rotated_at = $2 WHERE id = $1',
          [sessionId, used],
        );
        // Each new process does this at its start, while old ones still run.
        await store.migrate();
      },
    };
  },
};

beforeAll(async () => {
  redis = connectRedis();
  database = await createDatabase();
});
afterAll(async () => {
  redis.disconnect();
  await database.close();
});

/** A token without the member `ver`, as the first version signed it. The ids of keys are the same today. */
function firstToken(typ: 'at+jwt' | 'rt+jwt', payload: object): string {
  const secret = typ === 'at+jwt' ? ACCESS_SECRET : REFRESH_SECRET;
  const kid = createHmac('sha256', secret).update('passport-visa kid').digest('base64url').slice(0, 16);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ, kid })}.${encode(payload)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const seconds = (ms: number) => Math.floor(ms / 1000);
const refreshTokenOf = (sub: string, sid: string, gen: number) =>
  firstToken('rt+jwt', { sub, sid, gen, iat: seconds(lastRotation), exp: seconds(lastRotation) + 10_800 });
const accessTokenOf = (sub: string, sid: string) =>
  firstToken('at+jwt', {
    ...{ sub, sid, roles: ['editor'], auth_time: seconds(createdAt) },
    ...{ iat: seconds(lastRotation), exp: seconds(lastRotation) + 1800 },
  });

describe.each(['Redis', 'PostgreSQL'] as const)('a session that the first version stored: %s', (name) => {
  let store: RefreshTokenStore;
  let testApp: TestApp;
  let userId: string;
  const SID = 'Zm9ybWF0LW9uZS1zZXNzaQ';

  beforeEach(async () => {
    const backend = await backends[name]();
    store = backend.store;
    const users = new MemoryUserStore();
    testApp = createTestApp({ users, refreshTokens: store });
    userId = (await users.create({ username: 'ann', passwordHash: null, roles: ['editor'] })).id;
    await backend.plant(userId, SID);
  });
  afterEach(async () => {
    await testApp.auth.close();
    expect(testApp.unforeseen).toEqual([]);
  });

  const refresh = (refreshToken: string) => testApp.client().post('/auth/refresh').send({ refreshToken });
  const get = (path: string, token: string) => testApp.client().get(path).auth(token, { type: 'bearer' });

  test('its access token is accepted', async () => {
    const response = await get('/profile', accessTokenOf(userId, SID));
    expect([response.status, response.body]).toEqual([
      200,
      {
        ...{ id: userId, roles: ['editor'], sessionId: SID },
        authTime: new Date(seconds(createdAt) * 1000).toISOString(),
      },
    ]);
  });

  test('its refresh token can be exchanged, replayed byte for byte, and is then refused', async () => {
    const first = await refresh(refreshTokenOf(userId, SID, 4));
    expect(first.status).toBe(200);
    const replay = await refresh(refreshTokenOf(userId, SID, 4));
    expect((replay.body as { refreshToken: string }).refreshToken).toBe(
      (first.body as { refreshToken: string }).refreshToken,
    );
    expect((await refresh((first.body as { refreshToken: string }).refreshToken)).status).toBe(200);
    expectFailure(await refresh(refreshTokenOf(userId, SID, 4)), 'REFRESH_TOKEN_REUSED');
    expect(await store.list(userId)).toEqual([]);
  });

  test('an older generation of it counts as reuse', async () => {
    expectFailure(await refresh(refreshTokenOf(userId, SID, 3)), 'REFRESH_TOKEN_REUSED');
    expectFailure(await refresh(refreshTokenOf(userId, SID, 4)), 'SESSION_NOT_FOUND');
  });

  test('it is listed with all stored details, also after a rotation', async () => {
    const kept = {
      ...{ userId, sessionId: SID, ip: '192.0.2.7', userAgent: USER_AGENT, remember: false },
      ...{ createdAt: new Date(createdAt), authTime: new Date(createdAt), attempt: undefined },
    };
    const expiresAt = new Date(lastRotation + 10_800_000);
    expect(await store.list(userId)).toEqual([
      { ...kept, generation: 3, rotatedAt: new Date(lastRotation), expiresAt },
    ]);
    await refresh(refreshTokenOf(userId, SID, 4));
    expect(await store.find(userId, SID)).toMatchObject({ ...kept, generation: 4 });
    const { body } = await get('/auth/sessions', accessTokenOf(userId, SID));
    expect(body).toMatchObject({ sessions: [{ id: SID, current: true, userAgent: USER_AGENT }] });
  });

  test('it can be ended by its id', async () => {
    const ended = await testApp
      .client()
      .delete(`/auth/sessions/${SID}`)
      .auth(accessTokenOf(userId, SID), { type: 'bearer' });
    expect(ended.status).toBe(204);
    expectFailure(await refresh(refreshTokenOf(userId, SID, 4)), 'SESSION_NOT_FOUND');
  });

  test('an old token of it logs out', async () => {
    const logout = await testApp
      .client()
      .post('/auth/logout')
      .send({ refreshToken: refreshTokenOf(userId, SID, 1) });
    expect(logout.status).toBe(200);
    expect(await store.list(userId)).toEqual([]);
  });
});

/** The first version's own script and SQL, run on what a new process has written, as in an old process beside a new one. */
describe('the first version reads what this one writes', () => {
  const now = new Date();
  const session = {
    ...{ userId: 'ann', sessionId: 'one', createdAt: now, authTime: now, remember: true, ip: '192.0.2.7' },
    ...{ userAgent: USER_AGENT, amr: ['pwd', 'otp'], expiresAt: new Date(now.getTime() + 3_600_000) },
  };
  const rotation = { expiresInSeconds: 3600, maxLifetimeSeconds: 86_400, reuseWindowSeconds: 30 };

  test('in Redis: both versions can rotate in turn, and nothing is lost', async () => {
    const keyPrefix = randomPrefix();
    const store = new RedisRefreshTokenStore(redis, { keyPrefix });
    await store.create(session);
    const old = (generation: number) =>
      redis.eval(
        FIRST_ROTATION,
        1,
        `${keyPrefix}{ann}`,
        'one',
        generation,
        '',
        3_600_000,
        86_400_000,
        30_000,
        '',
      );
    expect(await old(1)).toEqual(['rotated', expect.stringMatching(/^1\n1\n/), expect.any(String)]);
    const rotated = await store.rotate({ userId: 'ann', sessionId: 'one', generation: 2, ...rotation });
    expect(rotated).toMatchObject({
      outcome: 'rotated',
      session: { ...session, expiresAt: expect.any(Date) as Date },
    });
    expect(await old(2)).toEqual(['replayed', expect.stringMatching(/^1\n2\n/), expect.any(String)]);
    expect(await old(1)).toEqual(['reused']);
    expect(await store.find('ann', 'one')).toBeUndefined();
  });

  /** The first version knows no origins, so its rotations are compared with nothing. */
  async function countAcrossVersions(
    store: RefreshTokenStore,
    old: (generation: number) => Promise<unknown>,
    amr: string[] | undefined,
  ) {
    const present = async (generation: number, origin: string) => {
      const request = { userId: 'ann', sessionId: 'one', generation, origin, maxElsewhere: 2, ...rotation };
      const result = await store.rotate(request);
      return 'firstElsewhere' in result ? 'first elsewhere' : result.outcome;
    };
    const outcomes = [await present(1, 'home'), await present(1, 'away')];
    await old(2);
    outcomes.push(await present(2, 'away'), await present(2, 'home'));
    outcomes.push(await present(3, 'home'), await present(3, 'away'));
    expect(outcomes).toEqual(['rotated', 'first elsewhere', 'replayed', 'replayed', 'rotated', 'replayed']);
    const { amr: _kept, ...others } = session;
    const found = await store.find('ann', 'one');
    expect(found).toMatchObject({ ...others, expiresAt: expect.any(Date) as Date });
    expect(found?.amr).toEqual(amr);
    expect([await present(4, 'home'), await present(4, 'away')]).toEqual(['rotated', 'reused']);
  }

  test.each([[['pwd', 'otp']], [undefined]])(
    'in Redis: a rotation of the old version keeps the count of replays from elsewhere (amr: %s)',
    async (amr) => {
      const keyPrefix = randomPrefix();
      const store = new RedisRefreshTokenStore(redis, { keyPrefix });
      await store.create({ ...session, amr });
      const times = [3_600_000, 86_400_000, 30_000, ''];
      const old = (generation: number) =>
        redis.eval(FIRST_ROTATION, 1, `${keyPrefix}{ann}`, 'one', generation, '', ...times);
      await countAcrossVersions(store, old, amr);
    },
  );

  test('in PostgreSQL: a rotation of the old version keeps the count of replays from elsewhere', async () => {
    await database.pool.query('DROP TABLE IF EXISTS visa_refresh_tokens, visa_attempts, visa_revocations');
    await database.pool.query(FIRST_SCHEMA);
    const store = new PostgresRefreshTokenStore(database.pool);
    await store.migrate();
    await store.create(session);
    const old = (generation: number) =>
      database.pool.query(firstRotate, ['ann', 'one', generation, null, 3600, 86_400, 30, null]);
    await countAcrossVersions(store, old, session.amr);
  });

  test('in PostgreSQL: both versions can rotate in turn, and the new one reads what the old one stores', async () => {
    await database.pool.query('DROP TABLE IF EXISTS visa_refresh_tokens, visa_attempts, visa_revocations');
    await database.pool.query(FIRST_SCHEMA);
    const store = new PostgresRefreshTokenStore(database.pool);
    await store.migrate();
    await store.create(session);
    const old = async (sql: string, ...values: unknown[]) =>
      (await database.pool.query<object>(sql, values)).rows;
    const oldRotate = (generation: number) =>
      old(firstRotate, 'ann', 'one', generation, null, 3600, 86_400, 30, null);
    expect(await oldRotate(1)).toMatchObject([{ outcome: 'rotated', id: 'one', generation: 1 }]);
    const rotated = await store.rotate({ userId: 'ann', sessionId: 'one', generation: 2, ...rotation });
    expect(rotated).toMatchObject({
      outcome: 'rotated',
      session: { ...session, expiresAt: expect.any(Date) as Date },
    });
    expect(await oldRotate(2)).toMatchObject([{ outcome: 'replayed' }]);
    expect(await old(firstFind, 'ann', 'one')).toMatchObject([{ id: 'one', generation: 2 }]);
    expect(await oldRotate(1)).toMatchObject([{ outcome: 'reused' }]);
    expect(await store.find('ann', 'one')).toBeUndefined();
    await old(firstCreate, 'theirs', 'ann', now, now, session.expiresAt, false, null, null);
    expect(await store.find('ann', 'theirs')).toMatchObject({ sessionId: 'theirs', generation: 0 });
  });
});
