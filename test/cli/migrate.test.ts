import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { schemaColumns } from '../../src/cli/doctor/schema-columns';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { cli, cliJson, cliProcess, expectCliFailure } from '../helpers/apps/cli';

let database: TestDatabase;
let env: Record<string, string>;
beforeEach(async () => {
  database = await createDatabase();
  env = { DATABASE_URL: database.url };
});
afterEach(() => database.close());

async function columnsByTable(): Promise<Map<string, string[]>> {
  const { rows } = await database.pool.query<{ table: string; columns: string[] }>(
    `SELECT table_name::text AS table, array_agg(column_name::text ORDER BY ordinal_position) AS columns
      FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

const TABLES = [
  'visa_attempts',
  'visa_credentials',
  'visa_identities',
  'visa_one_time_tokens',
  'visa_refresh_tokens',
  'visa_revocations',
  'visa_users',
];

test('migrate creates the tables of the stores, in several processes at once, and can be repeated', async () => {
  const results = await Promise.all([
    cliProcess(['migrate'], { env }),
    cliProcess(['migrate'], { env }),
    cliProcess(['migrate'], { env }),
  ]);
  for (const result of results)
    expect(result).toEqual({
      status: 0,
      stdout: 'The schema of users and sessions is up to date\n',
      stderr: '',
    });
  expect([...(await columnsByTable()).keys()]).toEqual(TABLES);
  expect(await cliJson(['migrate'], { env })).toEqual({ migrated: ['users', 'sessions'] });
});

test('--only creates one part, and options rename the tables', async () => {
  const names = ['--users-table', 'people', '--credentials-table', 'keys'];
  await cliJson(['migrate', '--only', 'users', ...names], { env });
  expect([...(await columnsByTable()).keys()]).toEqual(['keys', 'people', 'people_identities']);
  await cliJson(
    [
      'migrate',
      '--only',
      'sessions',
      '--sessions-table',
      'logins',
      '--attempts-table',
      'tries',
      '--one-time-tokens-table',
      'once',
    ],
    { env },
  );
  expect([...(await columnsByTable()).keys()]).toEqual([
    'keys',
    'logins',
    'once',
    'people',
    'people_identities',
    'tries',
    'visa_revocations',
  ]);
});

test('--dry-run needs no server, and prints the SQL that migrate runs', async () => {
  const { status, stdout: sql } = await cli(['migrate', '--dry-run']);
  expect(status).toBe(0);
  await database.pool.query(sql);
  const byHand = await columnsByTable();
  expect([...byHand.keys()]).toEqual(TABLES);
  await database.pool.query(sql);
  await cliJson(['migrate'], { env });
  expect(await columnsByTable()).toEqual(byHand);
  const parts = await cliJson<Record<string, string>>(['migrate', '--dry-run']);
  expect(`${parts['users']}\n${parts['sessions']}\n`).toBe(sql);
});

test('--beside prints the SQL of the tables beside a table of the app, for the database of --dialect', async () => {
  await database.pool.query('CREATE TABLE accounts (id int PRIMARY KEY, email text UNIQUE, hash text)');
  const { stdout: sql } = await cli(['migrate', '--beside', 'accounts']);
  await database.pool.query(sql);
  const columns = { id: 'id', username: 'email', passwordHash: 'hash' };
  await new PostgresUserStore(database.pool, { table: 'accounts', columns }).ready();
  const ofMysql = await cli(['migrate', '--dialect', 'mysql', '--beside', 'app.People']);
  expect(ofMysql.stdout).toContain('CREATE TABLE IF NOT EXISTS app.people_usernames (\n');
  expect(ofMysql.stdout).not.toContain('password_hash');
  const { users } = await cliJson<{ users: string }>(['migrate', '--dialect', 'sqlite']);
  expect(users).toContain('CREATE TABLE IF NOT EXISTS visa_users (');
  const wrong = await cli(['migrate', '--dialect', 'oracle']);
  expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('postgres, mysql, sqlite')]);
});

/** The tables that printed SQL creates. */
async function tablesIn(...args: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await cli(['migrate', '--dry-run', ...args]);
  expect([status, stderr]).toEqual([0, '']);
  return Array.from(stdout.matchAll(/CREATE TABLE IF NOT EXISTS (\S+)/g), ([, name]) => name as string);
}
const DIALECTS = ['postgres', 'mysql', 'sqlite'];
const COLUMNS = 'username=email,passwordHash=hash';

describe.each(DIALECTS)('for %s', (dialect) => {
  const only = ['--dialect', dialect, '--only', 'users'];

  test.each([
    ['--columns', ['--users-table', 'people', '--columns', COLUMNS], ['people_usernames']],
    ['the key in --columns', ['--users-table', 'people', '--columns', `${COLUMNS},usernameKey=key`], []],
    ['--beside', ['--beside', 'people'], ['people_usernames']],
    [
      '--beside and the key in --columns',
      ['--beside', 'people', '--columns', `${COLUMNS},usernameKey=key`],
      [],
    ],
  ])('%s decides which tables are beside the app’s', async (_what, options, usernames) => {
    const tables = [...usernames, 'people_identities', 'people_credentials'];
    expect(await tablesIn(...only, ...options)).toEqual(tables);
    const prefixed = tables.map((table) => table.replace('people', 'app'));
    expect(await tablesIn(...only, ...options, '--prefix', 'app')).toEqual(prefixed);
  });

  test('--users-table renames the table of users', async () => {
    expect(await tablesIn(...only, '--users-table', 'people')).toEqual([
      'people',
      'people_identities',
      'people_credentials',
    ]);
  });

  test.each<[string, string[], RegExp]>([
    ['columns of no table', ['--columns', COLUMNS], /--columns needs --users-table/],
    ['two tables of users', ['--beside', 'a', '--users-table', 'b'], /--beside or --users-table, not both/],
    ['sessions beside a table', ['--beside', 'a', '--only', 'sessions'], /--beside .* users alone/],
    ['their names beside a table', ['--beside', 'a', '--sessions-table', 's'], /--beside .* users alone/],
    ['names of a prefix', ['--beside', 'a', '--identities-table', 'i'], /prefix/],
    ['other names of a prefix', ['--beside', 'a', '--credentials-table', 'i'], /prefix/],
  ])('%s are wrong usage', async (_what, options, message) => {
    expectCliFailure(await cli(['migrate', '--dialect', dialect, ...options]), 2, message);
  });
});

test('MySQL has no store of sessions, and names its tables by the prefix', async () => {
  const mysql = ['migrate', '--dialect', 'mysql'];
  for (const options of [
    ['--only', 'sessions'],
    ['--sessions-table', 'logins'],
    ['--attempts-table', 'tries'],
  ])
    expectCliFailure(await cli([...mysql, ...options]), 2, /no store of sessions for MySQL/);
  for (const option of ['--identities-table', '--credentials-table'])
    expectCliFailure(await cli([...mysql, option, 'x']), 2, /the option --prefix names these tables/);
  expect(await tablesIn('--dialect', 'mysql')).toEqual(['visa_users', 'visa_identities', 'visa_credentials']);
});

test('the doctor knows every column of every table, from the same SQL', async () => {
  const stores = [new PostgresUserStore(database.pool), new PostgresRefreshTokenStore(database.pool)];
  for (const store of stores) await store.migrate();
  const known = schemaColumns(stores.map(({ schema }) => schema).join('\n'));
  expect(new Map([...known].sort())).toEqual(await columnsByTable());
});

test('the doctor knows columns that were added later', () => {
  const schema = `
    CREATE TABLE IF NOT EXISTS a.people (
      id   text NOT NULL,
      name text,
      PRIMARY KEY (id)
    );
    ALTER TABLE a.people ADD COLUMN IF NOT EXISTS email text;`;
  expect(schemaColumns(schema)).toEqual(new Map([['a.people', ['id', 'name', 'email']]]));
});
