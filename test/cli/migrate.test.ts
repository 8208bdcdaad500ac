import { PostgresRefreshTokenStore, PostgresUserStore } from '../../src';
import { schemaColumns } from '../../src/cli/doctor/schema-columns';
import { createDatabase, type TestDatabase } from '../helpers/apps/backends';
import { cli, cliJson, cliProcess } from '../helpers/apps/cli';

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
