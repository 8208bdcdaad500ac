import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import request from 'supertest';
import {
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresRefreshTokenStore,
  RedisRefreshTokenStore,
  type AuditRecord,
  type AuthEvent,
  type RefreshTokenStore,
} from '../../../src';
import { loginAs } from '../../../src/testing';
import { newSession } from '../../../src/testing/session-fixtures';
import { createTestApp, type TestOptions } from '../../helpers/apps/app';
import { createDatabase, randomPrefix, type TestDatabase } from '../../helpers/apps/backends';
import { eventually } from '../../helpers/eventually';
import { expectFailure } from '../../helpers/failures';

let database: TestDatabase;
const closing: (() => unknown)[] = [];
const keyPrefix = randomPrefix();
const memory = new MemoryRefreshTokenStore();

beforeAll(async () => {
  database = await createDatabase();
  await new PostgresRefreshTokenStore(database.pool).migrate();
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await database.close();
});

/** A store with its own client, as each process has one. */
function makeStore(kind: string): RefreshTokenStore {
  if (kind === 'memory') return memory;
  if (kind === 'redis') {
    const redis = new Redis(process.env['TEST_REDIS_URL'] as string);
    closing.push(() => redis.disconnect());
    return new RedisRefreshTokenStore(redis, { keyPrefix });
  }
  const pool = new Pool({ connectionString: database.url });
  closing.push(() => pool.end());
  return new PostgresRefreshTokenStore(pool);
}

describe.each(['memory', 'redis', 'postgres'])('with sessions in %s', (kind) => {
  const users = new MemoryUserStore();
  let count = 0;
  const newUser = () => users.create({ username: `user-${(count += 1)}`, passwordHash: null });

  async function startProcess(sessions: number | false, options: TestOptions = {}) {
    const refreshTokens = makeStore(kind);
    const testApp = createTestApp({ users, refreshTokens, limits: { sessions }, ...options });
    closing.push(() => testApp.auth.close());
    await testApp.auth.ready();
    const visit = (bearer: string, path = '/profile') =>
      request(testApp.app).get(path).set('Authorization', bearer);
    return { ...testApp, refreshTokens, visit };
  }

  test('a login beyond the limit ends the session used longest ago, at once and in every process', async () => {
    const audit: AuditRecord[] = [];
    const here = await startProcess(2, { audit: (record) => void audit.push(record) });
    const there = await startProcess(2);
    const revoked: AuthEvent<'revoked'>[] = [];
    here.auth.events.on('revoked', (event) => revoked.push(event));
    const { id } = await newUser();
    const first = await loginAs(here.auth, id);
    const second = await loginAs(here.auth, id);
    // The first is used again, so the second is the one used longest ago. The clocks of store and process differ by milliseconds.
    await sleep(50);
    await request(here.app).post('/auth/refresh').send({ refreshToken: first.refreshToken }).expect(200);
    const third = await loginAs(here.auth, id, { ip: '192.0.2.7' });

    const { sessionId } = second;
    expect(revoked).toMatchObject([
      { userId: id, sessionIds: [sessionId], reason: 'session-limit', ip: '192.0.2.7' },
    ]);
    expect(audit).toContainEqual(
      expect.objectContaining({ event: 'revoked', userId: id, reason: 'session-limit' }),
    );
    expectFailure(await here.visit(second.bearer), 'SESSION_REVOKED');
    await eventually('the other process refused it', async () => {
      return (await there.visit(second.bearer)).status === 401;
    });
    const refresh = request(there.app).post('/auth/refresh').send({ refreshToken: second.refreshToken });
    expectFailure(await refresh, 'SESSION_NOT_FOUND');
    for (const { bearer } of [first, third]) expect((await there.visit(bearer)).status).toBe(200);
  });

  test('100 parallel logins over two processes never leave more than the limit', async () => {
    const processes = [await startProcess(7), await startProcess(7)];
    const ended: string[] = [];
    for (const { auth } of processes)
      auth.events.on('revoked', ({ sessionIds }) => void ended.push(...sessionIds));
    const { id } = await newUser();
    const logins = await Promise.all(
      Array.from({ length: 100 }, (_, n) => loginAs((processes[n % 2] as (typeof processes)[0]).auth, id)),
    );
    const left = (await processes[0]?.refreshTokens.list(id))?.map(({ sessionId }) => sessionId) ?? [];
    expect(left).toHaveLength(7);
    expect([...left, ...ended].sort()).toEqual(logins.map(({ sessionId }) => sessionId).sort());
  });

  test('without a limit every session goes on', async () => {
    const { auth, refreshTokens } = await startProcess(false);
    const { id } = await newUser();
    for (let n = 0; n < 105; n += 1) await loginAs(auth, id);
    expect(await refreshTokens.list(id)).toHaveLength(105);
  });

  test('a user with thousands of sessions sees some, and gets down to the limit by logging in', async () => {
    const { auth, refreshTokens, visit } = await startProcess(10);
    const { id } = await newUser();
    const { bearer, sessionId } = await loginAs(auth, id);
    const createdAt = new Date(Date.now() - 60_000);
    await Promise.all(
      Array.from({ length: 1200 }, () => refreshTokens.create(newSession({ userId: id, createdAt }))),
    );
    const { sessions } = (await visit(bearer, '/auth/sessions').expect(200)).body as {
      sessions: { id: string; current: boolean }[];
    };
    expect(sessions).toHaveLength(10);
    expect(sessions.filter(({ current }) => current)).toMatchObject([{ id: sessionId }]);
    expect(await auth.sessions.list(id)).toHaveLength(10);

    const logins = [await loginAs(auth, id), await loginAs(auth, id)].map((login) => login.sessionId);
    const left = (await refreshTokens.list(id)).map((session) => session.sessionId);
    expect(left).toHaveLength(10);
    expect(left).toEqual(expect.arrayContaining([sessionId, ...logins]));
  });

  test('a user with thousands of sessions ends all the others at once', async () => {
    const { auth, app, refreshTokens } = await startProcess(false);
    const other = await startProcess(false);
    const { id } = await newUser();
    const { bearer, sessionId } = await loginAs(auth, id);
    await Promise.all(Array.from({ length: 1200 }, () => refreshTokens.create(newSession({ userId: id }))));
    const last = await loginAs(auth, id);
    await request(app).delete('/auth/sessions').set('Authorization', bearer).expect(200, { ended: 1201 });
    expect((await refreshTokens.list(id)).map((session) => session.sessionId)).toEqual([sessionId]);
    await eventually('the other process refused the last one', async () => {
      return (await other.visit(last.bearer)).status === 401;
    });
    expect(await auth.sessions.revokeAll(id)).toEqual([sessionId]);
  });
});

test.each([0, -1, 1.5, 1001, '100', true, { perUser: 100 }])('limits.sessions can not be %p', (sessions) => {
  expect(() => createTestApp({ limits: { sessions: sessions as number } })).toThrow(
    /limits\.sessions must be /,
  );
});
