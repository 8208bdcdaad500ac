import type { Pool } from 'pg';
import { createAuth, PostgresUserStore, type UserColumns } from '../../../src';
import { createDatabase, type TestDatabase } from '../../helpers/apps/backends';
import { optionsWith } from '../../helpers/apps/options';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await createDatabase();
  ({ pool } = database);
});
afterAll(() => database.close());

const COLUMNS = { id: 'id', username: 'email', passwordHash: 'hash' };
const GOOD = 'id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, email text NOT NULL UNIQUE, hash text';
let tables = 0;

async function storeOver(sql: string, columns: Partial<UserColumns> = {}) {
  const table = `app${(tables += 1)}`;
  await pool.query(`CREATE TABLE ${table} (${sql})`);
  const store = new PostgresUserStore(pool, { table, columns: { ...COLUMNS, ...columns } });
  return { table, store };
}

test.each<[string, string, Partial<UserColumns>, string[]]>([
  [
    'a column that is not there',
    GOOD,
    { passwordHash: 'pass', roles: 'roles' },
    [
      'no column pass, which columns.passwordHash names; the table has id, email, hash',
      "ADD COLUMN roles text[] NOT NULL DEFAULT '{}';",
    ],
  ],
  [
    'a name without a unique index',
    'id int PRIMARY KEY, email text, hash text',
    {},
    [
      'the column email (columns.username) has no unique index: CREATE UNIQUE INDEX people_email ON people (email);',
    ],
  ],
  [
    'a name that is unique only with another column',
    'id int PRIMARY KEY, tenant int, email text, hash text, UNIQUE (tenant, email)',
    {},
    ['no unique index'],
  ],
  [
    'a key without a unique index',
    `${GOOD}, name_key text`,
    { usernameKey: 'name_key' },
    ['CREATE UNIQUE INDEX people_name_key ON people (name_key);'],
  ],
  [
    'a hash that would be cut, an id that is no id',
    'id numeric PRIMARY KEY, email text UNIQUE, hash varchar(50)',
    {},
    ['type numeric, and ids must be', 'ALTER TABLE people ALTER COLUMN hash TYPE text;'],
  ],
  [
    'roles that are no list, a flag that is a text',
    `${GOOD}, role int, state text`,
    { roles: 'role', disabled: 'state' },
    ['give the function roles', 'must be a boolean'],
  ],
])('ready() names %s, with the SQL that cures it', async (_what, sql, columns, expected) => {
  const { table, store } = await storeOver(sql, columns);
  await expect(store.ready()).rejects.toThrow(`The table ${table} of PostgreSQL can't be used yet`);
  const error = (await store.ready().catch((each: unknown) => each)) as Error;
  for (const part of expected) expect(error.message).toContain(part.replaceAll('people', table));
});

test('migrate() says as ready() does which table or column is not there', async () => {
  const { store } = await storeOver(GOOD, { username: 'mail' });
  await expect(store.migrate()).rejects.toThrow('no column mail, which columns.username names');
  const nowhere = new PostgresUserStore(pool, { table: 'nowhere', columns: COLUMNS });
  await expect(nowhere.migrate()).rejects.toThrow(
    'PostgreSQL has no table nowhere: correct the option table',
  );
});

test('ready() names the tables that migrate() makes, and its SQL makes them', async () => {
  const { table, store } = await storeOver(GOOD);
  const error = (await store.ready().catch((each: unknown) => each)) as Error;
  expect(error.message).toMatch(
    `The tables ${table}_usernames, ${table}_identities, ${table}_credentials are missing`,
  );
  await pool.query(error.message.slice(error.message.indexOf('\n')));
  await store.ready();
  const nowhere = new PostgresUserStore(pool, { table: 'nowhere', columns: COLUMNS });
  await expect(nowhere.ready()).rejects.toThrow('PostgreSQL has no table nowhere: correct the option table');
});

test('ready() takes no column for empty that the database fills: a type, a sequence, an expression, a trigger', async () => {
  await pool.query(`CREATE DOMAIN plan AS text DEFAULT 'free' NOT NULL;
    CREATE DOMAIN zip AS text NOT NULL;
    CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.slug := NEW.email; RETURN NEW; END $$`);
  const { table, store } =
    await storeOver(`${GOOD}, plan plan NOT NULL, number int NOT NULL GENERATED ALWAYS AS IDENTITY,
    serial serial NOT NULL, name text NOT NULL GENERATED ALWAYS AS (lower(email)) STORED, slug text NOT NULL, city text NOT NULL, zip zip`);
  await pool.query(
    `CREATE TRIGGER fill_city BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION fill()`,
  );
  await store.migrate();
  const unfilled = async () => {
    const error = (await store.ready({ hasFields: false }).catch((each: unknown) => each)) as Error;
    return Array.from(error.message.matchAll(/the column (\w+) is NOT NULL/g), ([, name]) => name);
  };
  expect(await unfilled()).toEqual(['city', 'zip']);
  await pool.query(`ALTER TABLE ${table} DISABLE TRIGGER fill_city`);
  expect(await unfilled()).toEqual(['slug', 'city', 'zip']);
});

test('auth.ready() fails for a column that no registration fills, and not where the app says how', async () => {
  const { table, store } = await storeOver(`${GOOD}, company text NOT NULL`);
  await store.migrate();
  const ready = async (register: object | false | undefined) => {
    const auth = createAuth(optionsWith({ users: store, ...(register !== undefined && { register }) }));
    await auth.ready().finally(() => auth.close());
  };
  await expect(ready(undefined)).rejects.toThrow(`ALTER TABLE ${table} ALTER COLUMN company DROP NOT NULL;`);
  await ready(false);
  await ready({ create: (user: never) => store.create(user, { company: 'Acme' }) });
});
