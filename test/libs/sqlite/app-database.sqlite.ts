import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENT, REAL, useCallTimes } from '../../helpers/call-times';
import { watchTurns } from '../../helpers/within';
import { SqliteRefreshTokenStore } from '../../../src/stores/sqlite';
import { newSession, newToken } from '../../stores/samples';
import { DRIVERS, useFiles, type TestDatabase } from './databases';

const UNAVAILABLE = { name: 'AuthError', code: 'SERVICE_UNAVAILABLE' };

/** The app's database is the app's: the store works with it as the app has set it up, and leaves it so. */
describe.each(DRIVERS)('%s', (driver, open) => {
  const files = useFiles(open);

  async function storeOf(database: TestDatabase): Promise<SqliteRefreshTokenStore> {
    const store = new SqliteRefreshTokenStore(database);
    await store.migrate();
    return store;
  }

  test("the app's busy_timeout stays, and blocks nothing", async () => {
    const database = files.open('timeout.db', { timeout: 4321 });
    const locking = files.open('timeout.db');
    const store = await storeOf(database);
    locking.exec('BEGIN IMMEDIATE');
    useCallTimes(REAL);
    const endOfTurns = watchTurns();
    await expect(store.revoke('ann', 'one')).rejects.toMatchObject(UNAVAILABLE);
    expect(endOfTurns()).toBeLessThan(500);
    useCallTimes(PATIENT);
    locking.exec('COMMIT');
    await store.create(newSession('ann', randomUUID()));
    expect(database.prepare('PRAGMA busy_timeout').all()).toEqual([{ timeout: 4321 }]);
  });

  test('integers and rows in the form that the app wants change nothing', async () => {
    const database = files.open('forms.db', { readBigInts: true, returnArrays: true });
    (database as { defaultSafeIntegers?(): void }).defaultSafeIntegers?.();
    const store = await storeOf(database);
    const session = newSession('ann', randomUUID());
    await store.create(session);
    expect(await store.find('ann', session.sessionId)).toMatchObject({ ...session, generation: 0 });
    expect(await store.attemptCounter('form', 60).increment('ann')).toMatchObject({ count: 1 });
    expect(await store.attemptCounter('form', 60).increment('ann')).toMatchObject({ count: 2 });
    const token = newToken();
    await store.oneTimeTokens().create(token);
    expect(await store.oneTimeTokens().take(token.purpose, token.hash)).toMatchObject({ hash: token.hash });
  });

  test("a call waits for the end of the app's own transaction, which can't take it back", async () => {
    const database = files.open('transaction.db');
    const store = await storeOf(database);
    const session = newSession('ann', randomUUID());
    await store.create(session);
    database.exec('BEGIN');
    const revoking = store.revoke('ann', session.sessionId);
    const listing = store.list('ann');
    await sleep(100);
    database.exec('ROLLBACK');
    expect(await revoking).toBe(true);
    expect(await listing).toEqual([]);
    expect(await store.find('ann', session.sessionId)).toBeUndefined();
    database.exec('BEGIN');
    useCallTimes(REAL);
    await expect(store.list('ann')).rejects.toMatchObject(UNAVAILABLE);
    database.exec('COMMIT');
    useCallTimes(PATIENT);
    expect(await store.list('ann')).toEqual([]);
  });

  test('a call waits while the app reads row by row, or goes on', async () => {
    const database = files.open('rows.db', { timeout: 1000 });
    const store = await storeOf(database);
    await store.create(newSession('ann', 'one'));
    await store.create(newSession('ann', 'two'));
    const statement = database.prepare('SELECT id FROM visa_refresh_tokens') as unknown as {
      iterate(): IterableIterator<unknown>;
    };
    const rows = statement.iterate();
    rows.next();
    const revoking = store.revoke('ann', 'one');
    await sleep(50);
    expect([...rows].length).toBeLessThan(2);
    expect(await revoking).toBe(true);
    expect(await store.list('ann')).toHaveLength(1);
    expect(database.prepare('PRAGMA busy_timeout').all()).toEqual([{ timeout: 1000 }]);
  });

  test('a full disk is a 503, changes nothing, and is over as soon as there is room', async () => {
    const database = files.open('full.db');
    const store = await storeOf(database);
    const pages = (limit: number | string) => database.exec(`PRAGMA max_page_count = ${limit}`);
    const created: string[] = [];
    const createMany = async () => {
      for (let n = 0; n < 500; n += 1) {
        const session = { ...newSession('ann', randomUUID()), userAgent: 'x'.repeat(500) };
        await store.create(session);
        created.push(session.sessionId);
      }
    };
    pages(1); // as many as there are
    await expect(createMany()).rejects.toMatchObject(UNAVAILABLE);
    const listed = await store.list('ann');
    expect(listed.map(({ sessionId }) => sessionId).sort()).toEqual([...created].sort());
    pages(1_000_000);
    await store.create(newSession('ann', 'one more'));
    expect(await store.list('ann')).toHaveLength(created.length + 1);
  });

  test('a closed database is a 503', async () => {
    const database = open(files.path('closed.db'));
    const store = await storeOf(database);
    database.close();
    await expect(store.list('ann')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.revoke('ann', 'one')).rejects.toMatchObject(UNAVAILABLE);
  });

  test('without its tables the store says what to do', async () => {
    const store = files.store('empty.db');
    const cure = 'A table or column of passport-visa is missing: call `await store.migrate()`';
    await expect(store.list('ann')).rejects.toThrow(cure);
    await expect(store.create(newSession('ann', 'one'))).rejects.toThrow(cure);
  });

  test('a user with thousands of sessions too many is brought down to the limit, a piece at a time', async () => {
    const database = files.open('many.db');
    const store = await storeOf(database);
    const values = `'many', 1, 'one', 0, n, n, n, ${Date.now() + 3_600_000}, 0`;
    database.exec(`
      INSERT INTO visa_refresh_tokens (id, user_id, format, attempt, generation, rotated_at, created_at, auth_time, expires_at, remember)
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000)
      SELECT 'session ' || n, ${values} FROM numbers`);
    const pieces: number[] = [];
    const onEnded = (ids: readonly string[]) => void pieces.push(ids.length);
    const ended = await store.create(newSession('many', 'new'), { maxSessions: 100, onEnded });
    expect([ended.length, Math.max(...pieces)]).toEqual([2901, 500]);
    const left = await store.list('many');
    expect(left.map(({ sessionId }) => sessionId).sort()).toEqual(
      ['new', ...Array.from({ length: 99 }, (_, n) => `session ${2902 + n}`)].sort(),
    );
    expect(await store.list('many', { limit: 5 })).toHaveLength(5);
    expect(await store.revokeAll('many', { except: 'new' })).toHaveLength(99);
  });

  test('calls delete what has expired, a little at a time', async () => {
    const database = files.open('expired.db');
    const store = await storeOf(database);
    const feed = store.followRevocations({
      ...{ keepForSeconds: 60, onRevoked() {}, onCurrent() {}, onLost() {} },
    });
    database.exec(`
      WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 25)
      INSERT INTO visa_refresh_tokens (id, user_id, format, generation, rotated_at, created_at, auth_time, expires_at, remember)
      SELECT 'old ' || n, 'somebody', 1, 0, 1, 1, 1, 2, 0 FROM numbers;
      INSERT INTO visa_attempts (key, points, expire) VALUES ('old', 1, 2);
      INSERT INTO visa_revocations (user_id, session_id, keep_for, keep_until) VALUES ('old', 'old', 1, 2);
      INSERT INTO visa_one_time_tokens (subject, purpose, slot, hash, expires_at) VALUES ('old', 'old', '', 'old', 2)`);
    const old = (table: string, column: string) =>
      database.prepare(`SELECT 1 FROM ${table} WHERE ${column} LIKE 'old%'`).all().length;
    await store.create(newSession('ann', 'one'));
    expect(old('visa_refresh_tokens', 'id')).toBe(15);
    const left = () =>
      old('visa_attempts', 'key') + old('visa_revocations', 'user_id') + old('visa_one_time_tokens', 'hash');
    // At random, in one of twenty calls. The odds that it doesn't happen in 600 are one in ten thousand billion.
    for (let n = 0; n < 600 && left() > 0; n += 1) {
      await store.attemptCounter('login', 60).increment('ann');
      await store.oneTimeTokens().create(newToken());
      await feed.announce({ userId: 'ann', sessionIds: ['one'] });
    }
    expect(left()).toBe(0);
    feed.close();
  });

  test('a session of another release is a 503, and stays', async () => {
    const database = files.open('format.db');
    const store = await storeOf(database);
    await store.create(newSession('ann', 'one'));
    database.exec('UPDATE visa_refresh_tokens SET format = 2');
    const request = { userId: 'ann', sessionId: 'one', generation: 1 };
    const lifetimes = { expiresInSeconds: 60, maxLifetimeSeconds: 60, reuseWindowSeconds: 30 };
    await expect(store.rotate({ ...request, ...lifetimes })).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.find('ann', 'one')).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.list('ann')).toEqual([]);
    expect(await store.revoke('ann', 'one')).toBe(true);
  });

  test('no statement reads more of a table than it needs', async () => {
    const database = files.open('plans.db');
    await storeOf(database);
    const statements = new Set<string>();
    const watched = new Proxy(database, {
      get(target, name) {
        const member = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => {
          if (name === 'prepare') statements.add(String(args[0]));
          return member.apply(target, args);
        };
      },
    });
    const store = new SqliteRefreshTokenStore(watched);
    const feed = store.followRevocations({
      ...{ keepForSeconds: 60, onRevoked() {}, onCurrent() {}, onLost() {} },
    });
    await store.create(newSession('ann', 'one'), { maxSessions: 5 });
    await store.list('ann');
    await store.find('ann', 'one');
    await store.revoke('ann', 'one');
    await store.revokeAll('ann');
    for (let n = 0; n < 200; n += 1) {
      await store.attemptCounter('login', 60).increment('ann');
      await store.oneTimeTokens().create(newToken());
      await feed.announce({ userId: 'ann', sessionIds: ['one'] });
    }
    await store.oneTimeTokens().removeAll('ann');
    await store.oneTimeTokens().take('password-reset', newToken().hash);
    await sleep(250); // the log is read again
    feed.close();
    const plans = [...statements]
      .filter((sql) => /visa_/.test(sql))
      .map((sql) => [sql, planOf(database, sql)] as const);
    expect(plans.length).toBeGreaterThan(12);
    for (const [sql, plan] of plans)
      expect([sql, plan.filter((step) => /^SCAN (?!json_each)(?!CONSTANT)/.test(step))]).toEqual([sql, []]);
  });

  test.each(['Users', 'a b', 'a;b', 'auth.sessions', ''])('the table name %j is refused', (table) => {
    const database = files.open(':memory:');
    expect(() => new SqliteRefreshTokenStore(database, { table })).toThrow(
      'table must be a lower-case table name',
    );
  });

  test('an option that is misspelt is refused', () => {
    const database = files.open(':memory:');
    const options = { tabel: 'x' } as object;
    expect(() => new SqliteRefreshTokenStore(database, options)).toThrow('Unknown option tabel');
  });

  test(`${driver} keeps several stores apart by their table names`, async () => {
    const database = files.open('names.db');
    const own = new SqliteRefreshTokenStore(database, {
      table: 'own_sessions',
      attemptsTable: 'own_attempts',
      revocationsTable: 'own_revocations',
      oneTimeTokensTable: 'own_tokens',
    });
    const store = await storeOf(database);
    await own.migrate();
    await own.create(newSession('ann', 'own'));
    await store.create(newSession('ann', 'other'));
    expect((await own.list('ann')).map(({ sessionId }) => sessionId)).toEqual(['own']);
  });
});

function planOf(database: TestDatabase, sql: string): string[] {
  const values = Array.from({ length: sql.split('?').length - 1 }, () => 1);
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
  return rows.map(({ detail }) => detail);
}
