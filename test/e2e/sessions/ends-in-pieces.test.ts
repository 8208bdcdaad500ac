import { randomUUID } from 'node:crypto';
import { MemoryUserStore, PostgresRefreshTokenStore, RedisRefreshTokenStore } from '../../../src/index';
import { newSession } from '../../../src/testing/session-fixtures';
import { createTestApp } from '../../helpers/apps/app';
import { connectRedis, createDatabase, randomPrefix } from '../../helpers/apps/backends';

/** More than two steps of each store. */
const SESSIONS = 2100;

interface Backend {
  refreshTokens: PostgresRefreshTokenStore | RedisRefreshTokenStore;
  /** From now on the connection fails when the second step is sent. */
  failAtSecondStep(): void;
  close(): Promise<unknown>;
}

function redisBackend(): Backend {
  const redis = connectRedis();
  const refreshTokens = new RedisRefreshTokenStore(redis, { keyPrefix: randomPrefix() });
  const failAtSecondStep = () => {
    const scripts = redis as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
    for (const name of ['visaRevokeSessions', 'visaEndSurplus']) {
      const run = scripts[name]?.bind(redis);
      let calls = name === 'visaEndSurplus' ? 1 : 0; // the first step is visaCreateSession
      scripts[name] = (...values) =>
        (calls += 1) === 2
          ? Promise.reject(new Error('ECONNRESET'))
          : (run as NonNullable<typeof run>)(...values);
    }
  };
  return { refreshTokens, failAtSecondStep, close: () => Promise.resolve(redis.disconnect()) };
}

async function postgresBackend(): Promise<Backend> {
  const database = await createDatabase();
  let steps = -Infinity;
  const query = (text: string, values?: unknown[]) =>
    /surplus|LIMIT 500 FOR UPDATE/.test(text) && (steps += 1) === 2
      ? Promise.reject(new Error('ECONNRESET'))
      : database.pool.query(text, values);
  const refreshTokens = new PostgresRefreshTokenStore({ query });
  await refreshTokens.migrate();
  return { refreshTokens, failAtSecondStep: () => (steps = 0), close: () => database.close() };
}

test.each([
  ['a logout everywhere', 'Redis', redisBackend],
  ['a logout everywhere', 'PostgreSQL', postgresBackend],
  ['a login beyond the limit', 'Redis', redisBackend],
  ['a login beyond the limit', 'PostgreSQL', postgresBackend],
])(
  '%s that fails midway in %s announces the sessions that have ended, and no others',
  async (what, _store, make) => {
    const { refreshTokens, failAtSecondStep, close } = await make();
    const users = new MemoryUserStore();
    const { id: userId } = await users.create({ username: 'ann', passwordHash: null });
    const { auth } = createTestApp({ users, refreshTokens });
    await auth.ready();
    const began = Array.from({ length: SESSIONS }, () => newSession({ userId, sessionId: randomUUID() }));
    await Promise.all(began.map((session) => refreshTokens.create(session)));
    const announced: string[] = [];
    auth.events.on('revoked', ({ sessionIds }) => announced.push(...sessionIds));

    failAtSecondStep();
    const ending =
      what === 'a logout everywhere' ? auth.sessions.revokeAll(userId) : auth.sessions.start(userId);
    await expect(ending).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const left = new Set((await refreshTokens.list(userId)).map(({ sessionId }) => sessionId));
    const ended = began.map(({ sessionId }) => sessionId).filter((sessionId) => !left.has(sessionId));
    expect(ended.length).toBeGreaterThan(100);
    expect(left.size).toBeGreaterThan(100);
    expect(announced.sort()).toEqual(ended.sort());
    await auth.close();
    await close();
  },
);
