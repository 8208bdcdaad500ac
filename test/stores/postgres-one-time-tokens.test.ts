import { Pool } from 'pg';
import { PostgresRefreshTokenStore, type OneTimeTokenStore } from '../../src';
import { oneTimeTokenStatements } from '../../src/stores/postgres/one-time-token-sql';
import { oneTimeTokenStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { usePostgresStore } from '../helpers/apps/postgres-store';
import { queryPlan } from '../helpers/query-plan';
import { startTcpProxy } from '../helpers/servers/tcp-proxy';
import { newToken } from './samples';
import { BRIEF, PATIENT, useCallTimes } from '../helpers/call-times';

const postgres = usePostgresStore((pool) => new PostgresRefreshTokenStore(pool));
let store: OneTimeTokenStore;

beforeAll(() => {
  store = postgres.store.oneTimeTokens();
});

runContract(oneTimeTokenStoreContract(() => store));

test('one of 100 parallel calls by two pools gets the token', async () => {
  const pool = new Pool({ connectionString: postgres.url });
  const stores = [store, new PostgresRefreshTokenStore(pool).oneTimeTokens()] as const;
  for (let round = 0; round < 5; round += 1) {
    const token = newToken();
    await store.create(token);
    const calls = Array.from({ length: 100 }, (_, n) =>
      (n % 2 ? stores[0] : stores[1]).take(token.purpose, token.hash),
    );
    expect((await Promise.all(calls)).filter(Boolean)).toHaveLength(1);
  }
  await pool.end();
});

test('migrate updates a database with only the older tables, twice and in many processes at once', async () => {
  await postgres.pool.query('CREATE SCHEMA auth');
  const options = { table: 'auth.tokens', oneTimeTokensTable: 'auth.one_time_tokens' };
  const stores = Array.from({ length: 8 }, () => new PostgresRefreshTokenStore(postgres.pool, options));
  await stores[0]?.migrate();
  await postgres.pool.query('DROP TABLE auth.one_time_tokens');
  const unmigrated = stores[0]?.oneTimeTokens() as OneTimeTokenStore;
  await expect(unmigrated.create(newToken())).rejects.toThrow(/run `npx passport-visa migrate`/);
  await Promise.all(stores.map((each) => each.migrate()));
  const token = newToken();
  await unmigrated.create(token);
  await stores[0]?.migrate();
  expect(await postgres.countRows('auth.one_time_tokens')).toBe(1);
  expect(await unmigrated.take(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
});

test.each(['tokens; DROP TABLE x', 'Tokens', ''])(
  'the store refuses %j as a table name',
  (oneTimeTokensTable) => {
    expect(() => new PostgresRefreshTokenStore(postgres.pool, { oneTimeTokensTable })).toThrow(
      /oneTimeTokensTable must be a lower-case table name/,
    );
  },
);

test('creating tokens deletes rows that have expired, and no others', async () => {
  await postgres.pool.query(`
    INSERT INTO visa_one_time_tokens (subject, purpose, slot, hash, expires_at)
    SELECT 'old', 'verify-email', n::text, n::text, now() - interval '1 second' FROM generate_series(1, 250) n`);
  const kept = newToken({ subject: 'kept' });
  await store.create(kept);
  const old = `visa_one_time_tokens WHERE subject = 'old'`;
  // Pruning happens at random. The odds that it is too rare in so many calls are one in ten thousand billion.
  for (let n = 0; n < 900 && (await postgres.countRows(old)) > 0; n += 1) await store.create(newToken());
  expect(await postgres.countRows(old)).toBe(0);
  expect(await store.take(kept.purpose, kept.hash)).toMatchObject({ subject: 'kept' });
});

describe('no statement reads more of a table than it needs', () => {
  const sql = oneTimeTokenStatements('visa_one_time_tokens');
  test.each([
    ['find', sql.find, 'hash'],
    ['take', sql.take, 'hash'],
    ['removeAll', sql.removeAll, 'subject'],
    ['prune', sql.prune, 'expires_at'],
  ])('%s looks rows up by an index', async (_name, statement, column) => {
    const plan = await queryPlan(postgres.pool, statement);
    expect(plan).not.toMatch(/Seq Scan/);
    expect(plan).toMatch(new RegExp(`Index Cond: .*\\b${column}\\b`));
  });

  test('the index holds the longest names', async () => {
    // Random, because the index compresses repetitions.
    const longest = () =>
      String.fromCharCode(...Array.from({ length: 255 }, () => 0xac00 + Math.floor(Math.random() * 11_000)));
    const token = newToken({ purpose: longest(), subject: longest(), slot: longest() });
    await store.create(token);
    expect(await store.take(token.purpose, token.hash)).toMatchObject({ subject: token.subject });
  });
});

test('calls fail with SERVICE_UNAVAILABLE within their time in an outage, and the token survives it', async () => {
  const url = new URL(postgres.url);
  const proxy = await startTcpProxy(Number(url.port));
  url.port = String(proxy.port);
  const pool = new Pool({ connectionString: url.href, max: 1 });
  pool.on('error', () => undefined);
  const behindProxy = new PostgresRefreshTokenStore(pool).oneTimeTokens();
  const token = newToken();
  const results = () =>
    Promise.allSettled([
      behindProxy.create(newToken({ slot: 'other' })),
      behindProxy.find(token.purpose, token.hash),
      behindProxy.take(token.purpose, token.hash),
      behindProxy.removeAll('bob'),
    ]);
  try {
    await behindProxy.create(token);
    useCallTimes(BRIEF);
    proxy.silence();
    for (const result of await results())
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
    proxy.cut();
    for (const result of await results())
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SERVICE_UNAVAILABLE' } });
    expect(await store.take(token.purpose, token.hash)).toMatchObject({ subject: 'ann' });
  } finally {
    useCallTimes(PATIENT);
    await pool.end();
    await proxy.close();
  }
});
