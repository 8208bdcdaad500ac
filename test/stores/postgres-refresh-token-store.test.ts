import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { PostgresRefreshTokenStore } from '../../src';
import { refreshTokenStatements } from '../../src/stores/postgres/refresh-token-sql';
import { refreshTokenStoreContract, revocationContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { eventually } from '../helpers/eventually';
import { usePostgresStore } from '../helpers/apps/postgres-store';
import { queryPlan } from '../helpers/query-plan';
import { newFollower } from './samples';

const postgres = usePostgresStore((pool) => new PostgresRefreshTokenStore(pool));

runContract(refreshTokenStoreContract(() => postgres.store));
describe('over a pool', () => {
  runContract(revocationContract(() => new PostgresRefreshTokenStore(postgres.pool)));
});

test('migrate can run twice, and in many processes at once', async () => {
  const options = { table: 'app_tokens', attemptsTable: 'app_attempts' };
  const stores = Array.from({ length: 8 }, () => new PostgresRefreshTokenStore(postgres.pool, options));
  await Promise.all(stores.map((each) => each.migrate()));
  await stores[0]?.migrate();
  expect(await stores[0]?.list('nobody')).toEqual([]);
});

test('a login deletes expired rows, a few at a time', async () => {
  const pruned = new PostgresRefreshTokenStore(postgres.pool, {
    table: 'pruned',
    attemptsTable: 'pruned_attempts',
  });
  await pruned.migrate();
  await postgres.pool.query(`
    INSERT INTO pruned (id, user_id, rotated_at, created_at, auth_time, expires_at, remember)
    SELECT 'old-' || n, 'somebody', now(), now(), now(), now() - interval '1 second', false FROM generate_series(1, 25) n`);
  const now = new Date();
  const session = {
    userId: 'u',
    createdAt: now,
    authTime: now,
    expiresAt: new Date(Date.now() + 60_000),
    remember: false,
  };
  for (const [sessionId, left] of [
    ['s1', 16],
    ['s2', 7],
    ['s3', 3],
    ['s4', 4],
  ] as const) {
    await pruned.create({ ...session, sessionId });
    expect(await postgres.countRows('pruned')).toBe(left);
  }
});

test('counting attempts deletes expired counters', async () => {
  await postgres.pool.query(
    `INSERT INTO visa_attempts (key, points, expire) SELECT 'old-' || n, 1, 1000 FROM generate_series(1, 50) n`,
  );
  const counter = postgres.store.attemptCounter('login', 60);
  const left = async () => {
    const { rows } = await postgres.pool.query(`SELECT 1 FROM visa_attempts WHERE key LIKE 'old-%'`);
    return rows.length;
  };
  // Pruning happens at random. The odds that it never does in so many calls are one in ten thousand billion.
  for (let n = 0; n < 600 && (await left()) > 0; n += 1) await counter.increment('ann');
  expect(await left()).toBe(0);
});

test("attempts are counted in their own table, in the store's schema", async () => {
  await postgres.pool.query('CREATE SCHEMA auth');
  const options = { table: 'auth.tokens', attemptsTable: 'auth.attempts' };
  const inSchema = new PostgresRefreshTokenStore(postgres.pool, options);
  await inSchema.migrate();
  const counter = inSchema.attemptCounter('login', 60);
  expect((await counter.increment('ann')).count).toBe(1);
  expect((await inSchema.attemptCounter('login', 60).increment('ann')).count).toBe(2);
  expect(await postgres.countRows('auth.attempts')).toBe(1);
  await counter.reset('ann');
  expect(await postgres.countRows('auth.attempts')).toBe(0);
});

test('the table contains nothing from which a token could be made', async () => {
  const { rows } = await postgres.pool.query<{ column_name: string }>(
    `SELECT column_name FROM information_schema.columns WHERE table_name = 'visa_refresh_tokens' ORDER BY 1`,
  );
  expect(rows.map(({ column_name: name }) => name)).toEqual(
    ['amr', 'attempt', 'auth_time', 'created_at', 'elsewhere_count', 'elsewhere_generation', 'expires_at', 'format', 'generation', 'id', 'ip', 'origin', 'origin_generation', 'remember', 'rotated_at', 'user_agent', 'user_id'], // prettier-ignore
  );
});

describe('no statement reads more of a table than it needs', () => {
  const sql = refreshTokenStatements('visa_refresh_tokens', 'visa_attempts', 'visa_revocations');
  // Of an empty table PostgreSQL doesn't know that users have several sessions.
  beforeAll(() =>
    postgres.pool.query(`
      INSERT INTO visa_refresh_tokens (id, user_id, rotated_at, created_at, auth_time, expires_at, remember)
      SELECT 'planned ' || n, 'planned ' || n % 200, now(), now(), now(), now() + n * interval '1 minute', false
      FROM generate_series(1, 2000) AS n;
      ANALYZE visa_refresh_tokens`),
  );
  afterAll(() => postgres.pool.query("DELETE FROM visa_refresh_tokens WHERE id LIKE 'planned %'"));
  test.each([
    ['create', sql.create, ['expires_at']],
    ['createWithin', sql.createWithin, ['expires_at', 'user_id', 'id']],
    ['endSurplus', sql.endSurplus, ['user_id', 'id']],
    ['rotate', sql.rotate, ['id']],
    ['find', sql.find, ['id']],
    ['list', sql.list, ['user_id']],
    ['revoke', sql.revoke, ['id']],
    ['revokeAll', sql.revokeAll, ['user_id']],
    ['pruneAttempts', sql.pruneAttempts, ['expire']],
    ['pruneRevocations', sql.pruneRevocations, ['keep_until']],
    ['readRevocations', sql.readRevocations, ['written_by']],
  ])('%s looks rows up by an index', async (_name, statement, columns) => {
    const plan = await queryPlan(postgres.pool, statement);
    expect(plan).not.toMatch(/Seq Scan/);
    for (const column of columns) expect(plan).toMatch(new RegExp(`Index Cond: .*\\b${column}\\b`));
  });
});

describe('the log of revocations', () => {
  const follow = (received: string[]) =>
    new PostgresRefreshTokenStore(postgres.pool).followRevocations(
      newFollower({
        onRevoked: ({ sessionIds }) => received.push(...sessionIds),
      }),
    );
  const waitUntilReceived = (received: string[], sessionId: string) =>
    eventually(`${sessionId} was heard`, () => Promise.resolve(received.includes(sessionId)));

  test('an entry that commits late is not skipped, although later ones have been read', async () => {
    const received: string[] = [];
    const feed = follow(received);
    const slow = await postgres.pool.connect();
    await slow.query('BEGIN');
    await slow.query(`INSERT INTO visa_revocations (user_id, session_id, keep_until)
      VALUES ('ann', 'slow', now() + interval '1 minute')`);
    await feed.announce({ userId: 'ann', sessionIds: ['quick'] });
    await waitUntilReceived(received, 'quick');
    expect(received).not.toContain('slow');
    await slow.query('COMMIT');
    slow.release();
    await waitUntilReceived(received, 'slow');
    feed.close();
  });

  test('thousands of entries are read in pieces, those of one transaction too, and an entry that commits meanwhile is not missed', async () => {
    const reads: number[] = [];
    const slow = await postgres.pool.connect();
    await slow.query('BEGIN');
    await slow.query(`INSERT INTO visa_revocations (user_id, session_id, keep_until)
      VALUES ('ann', 'meanwhile', now() + interval '1 minute')`);
    await postgres.pool.query(`INSERT INTO visa_revocations (user_id, session_id, keep_until)
      SELECT 'many', 'many ' || n, now() + interval '1 minute' FROM generate_series(1, 3500) AS n`);
    const client = {
      async query(text: string, values?: unknown[]) {
        const result = await postgres.pool.query(text, values);
        if (text.includes('"writtenBy"') && reads.push(result.rows.length) === 2) {
          await slow.query('COMMIT');
          await postgres.pool.query(`INSERT INTO visa_revocations (user_id, session_id, keep_until)
            VALUES ('ann', 'between', now() + interval '1 minute')`);
        }
        return result;
      },
    };
    const received: string[] = [];
    let current = 0;
    const feed = new PostgresRefreshTokenStore(client).followRevocations(
      newFollower({
        onRevoked: ({ sessionIds }) => received.push(...sessionIds),
        onCurrent: () => (current ||= received.length),
      }),
    );
    await waitUntilReceived(received, 'meanwhile');
    await waitUntilReceived(received, 'between');
    await eventually('all was heard', () => Promise.resolve(current > 0));
    feed.close();
    slow.release();
    const many = received.filter((sessionId) => sessionId.startsWith('many '));
    expect([new Set(many).size, many.length]).toEqual([3500, 3500]);
    // It is new after the first piece, so it isn't read with the later ones too.
    expect(received.filter((sessionId) => sessionId === 'between')).toEqual(['between']);
    expect(current).toBeGreaterThanOrEqual(3500);
    expect(Math.max(...reads)).toBe(1000);
    await postgres.pool.query("DELETE FROM visa_revocations WHERE user_id IN ('many', 'ann')");
  });

  test('entries are kept for the longest lifetime of access tokens', async () => {
    const follow = (keepForSeconds: number) =>
      new PostgresRefreshTokenStore(postgres.pool).followRevocations(newFollower({ keepForSeconds }));
    const [long, short] = [follow(7200), follow(60)];
    await long.announce({ userId: 'long', sessionIds: ['one'] });
    await short.announce({ userId: 'short', sessionIds: ['two'] });
    const { rows } = await postgres.pool.query(
      "SELECT user_id FROM visa_revocations WHERE keep_until > now() + interval '100 minutes' ORDER BY user_id",
    );
    expect(rows).toEqual([{ user_id: 'long' }, { user_id: 'short' }]);
    await postgres.pool.query("DELETE FROM visa_revocations WHERE user_id IN ('long', 'short')");
    long.close();
    short.close();
  });

  test('the log is read with connections as the pool prepares them', async () => {
    await postgres.pool.query('CREATE SCHEMA prepared');
    const pool = new Pool({
      connectionString: postgres.url,
      onConnect: async (client) => void (await client.query('SET search_path TO prepared')),
    });
    const prepared = new PostgresRefreshTokenStore(pool);
    await prepared.migrate();
    const received: string[] = [];
    const feed = prepared.followRevocations(
      newFollower({
        onRevoked: ({ sessionIds }) => received.push(...sessionIds),
        onLost: (error) => received.push(String(error)),
      }),
    );
    await feed.announce({ userId: 'ann', sessionIds: ['prepared'] });
    await waitUntilReceived(received, 'prepared');
    expect(received).toEqual(['prepared']);
    feed.close();
    await pool.end();
  });

  test('a transaction that stays open delivers no entry twice', async () => {
    const received: string[] = [];
    const feed = follow(received);
    const open = await postgres.pool.connect();
    await open.query('BEGIN');
    await open.query('SELECT pg_current_xact_id()');
    for (const sessionId of ['first', 'second', 'third']) {
      await feed.announce({ userId: 'ann', sessionIds: [sessionId] });
      await waitUntilReceived(received, sessionId);
    }
    await sleep(1500);
    expect(received.filter((each) => ['first', 'second', 'third'].includes(each))).toEqual([
      'first',
      'second',
      'third',
    ]);
    await open.query('ROLLBACK');
    open.release();
    feed.close();
  });

  test('a name that is too long for a channel is refused', () => {
    const revocationsTable = `${'s'.repeat(40)}.${'t'.repeat(27)}`;
    expect(() => new PostgresRefreshTokenStore(postgres.pool, { revocationsTable })).toThrow(
      'revocationsTable must be at most 63 characters',
    );
  });

  test('a connection that the server ends is replaced', async () => {
    const received: string[] = [];
    const feed = follow(received);
    await feed.announce({ userId: 'ann', sessionIds: ['before'] });
    await waitUntilReceived(received, 'before');
    const { rows } = await postgres.pool.query<{ ended: boolean }>(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
        WHERE datname = current_database() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1') AND pid <> pg_backend_pid()`,
    );
    expect(rows.length).toBeGreaterThan(0);
    await feed.announce({ userId: 'ann', sessionIds: ['after'] });
    await waitUntilReceived(received, 'after');
    feed.close();
  });

  test('ending sessions deletes expired entries', async () => {
    await postgres.pool.query(`INSERT INTO visa_revocations (user_id, session_id, keep_until)
      SELECT 'old', n::text, now() - interval '1 second' FROM generate_series(1, 50) n`);
    const feed = follow([]);
    for (let n = 0; n < 300; n += 1) await postgres.store.revokeAll('nobody');
    feed.close();
    // The feed belonged to another store, so this one logged and deleted nothing.
    const old = "visa_revocations WHERE user_id = 'old'";
    expect(await postgres.countRows(old)).toBe(50);
    const own = postgres.store.followRevocations(newFollower());
    for (let n = 0; n < 400 && (await postgres.countRows(old)) > 0; n += 1)
      await postgres.store.revokeAll('nobody');
    own.close();
    expect(await postgres.countRows(old)).toBe(0);
  });
});
