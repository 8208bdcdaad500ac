import mysql from 'mysql2';
import { UsernameTakenError } from '../../src';
import { MysqlUserStore } from '../../src/stores/mysql';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { proveVerifiedColumn, type VerifiedTable } from '../features/email-account/verified-column';
import { startMariaDb, type TestServer } from '../helpers/servers/servers';
import '../helpers/apps/backends';

let server: TestServer;
let pool: mysql.Pool;

beforeAll(async () => {
  server = await startMariaDb();
  pool = mysql.createPool({ uri: server.url });
});
afterAll(async () => {
  await pool.promise().end();
  await server.stop();
});

const columns = { id: 'id', username: 'email', passwordHash: 'password' };

/** Tables of apps, and their mapping. */
const TABLES = [
  {
    name: 'general_ci, counted ids, JSON, keys beside it',
    table: 'people',
    sql: `id bigint unsigned AUTO_INCREMENT PRIMARY KEY, email varchar(255) NOT NULL UNIQUE, password varchar(255), roles json, active tinyint(1) NOT NULL DEFAULT 1`,
    mapping: { columns: { ...columns, roles: 'roles', disabled: { column: 'active', invert: true } } },
  },
  {
    name: 'bin, ids of the app, a column for keys',
    table: 'Member',
    sql: `id char(36) PRIMARY KEY, email varchar(255) COLLATE utf8mb4_bin NOT NULL UNIQUE, name_key varchar(255) COLLATE utf8mb4_bin UNIQUE, password varchar(255), roles text, banned bit(1) NOT NULL DEFAULT 0`,
    mapping: { columns: { ...columns, usernameKey: 'name_key', roles: 'roles', disabled: 'banned' } },
  },
  {
    name: 'unicode_ci, ids of the database',
    table: 'order',
    sql: `id uuid PRIMARY KEY DEFAULT uuid(), email varchar(255) COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE, password varchar(255), roles json NOT NULL`,
    mapping: { columns: { ...columns, roles: 'roles' } },
  },
  { name: 'the table of the store', table: undefined, sql: '', mapping: {} },
] as const;

describe.each(TABLES)('MysqlUserStore over $name', ({ table, sql, mapping }) => {
  let store: MysqlUserStore;
  beforeAll(async () => {
    if (table) await pool.promise().query(`CREATE TABLE \`${table}\` (${sql})`);
    store = new MysqlUserStore(pool, { table, ...mapping });
    await store.migrate();
    await store.migrate();
  });

  runContract(userStoreContract(() => store));
  runContract(identityStoreContract(() => store));
  runContract(credentialStoreContract(() => ({ users: store, credentials: store.credentials() })));
});

describe('a collation neither merges nor splits users', () => {
  const collated = async (collation: string) => {
    const table = `names_${collation}`;
    await pool
      .promise()
      .query(
        `CREATE TABLE ${table} (id int AUTO_INCREMENT PRIMARY KEY, email varchar(100) COLLATE ${collation} NOT NULL UNIQUE, password varchar(255))`,
      );
    const store = new MysqlUserStore(pool, { table, columns });
    await store.migrate();
    return { table, store };
  };
  const passwordHash = null;

  test.each(['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'utf8mb4_general_nopad_ci'])(
    '%s finds nobody for a name with another key, and refuses to have both',
    async (collation) => {
      const { store } = await collated(collation);
      for (const [name, other] of [
        ['jose', 'josé'],
        ['strasse', 'straße'],
      ] as const) {
        const { id } = await store.create({ username: name, passwordHash });
        expect(await store.findByUsername(other)).toBeUndefined();
        const isFolded = await store.create({ username: other, passwordHash }).then(
          () => false,
          (error: unknown) => error instanceof UsernameTakenError,
        );
        expect((await store.findByUsername(name.toUpperCase()))?.id).toBe(id);
        if (isFolded) expect(await store.findByUsername(other)).toBeUndefined();
        else expect((await store.findByUsername(other))?.id).not.toBe(id);
        expect(await store.updateUsername(id, `${name}2`, other)).toBe(false);
      }
    },
  );

  test('two emoji that the collation takes for one are not the same user', async () => {
    const { store } = await collated('utf8mb4_swedish_ci');
    await store.create({ username: '\u{1f600}', passwordHash });
    expect(await store.findByUsername('\u{1f43c}')).toBeUndefined();
    await expect(store.create({ username: '\u{1f43c}', passwordHash })).rejects.toThrow(UsernameTakenError);
  });

  test('utf8mb4_bin has ANN and ann as two rows, of which our key lets one in', async () => {
    const { store, table } = await collated('utf8mb4_bin');
    const { id } = await store.create({ username: 'ANN', passwordHash });
    await expect(store.create({ username: 'ann', passwordHash })).rejects.toThrow(UsernameTakenError);
    await pool.promise().query(`INSERT INTO ${table} (email) VALUES ('ann'), ('bOB')`);
    expect((await store.findByUsername('ann'))?.id).toBe(id);
    expect((await store.findByUsername('Bob'))?.username).toBe('bOB');
  });
});

describe('ready()', () => {
  test.each([
    [
      'id int PRIMARY KEY, email varchar(100), password varchar(255)',
      'CREATE UNIQUE INDEX TABLE_email ON TABLE (email);',
    ],
    [
      'id int PRIMARY KEY, email varchar(100) UNIQUE, password varchar(50)',
      'ALTER TABLE TABLE MODIFY password varchar(255);',
    ],
    ['id int PRIMARY KEY, email varchar(100) UNIQUE', 'ALTER TABLE TABLE ADD COLUMN password varchar(255);'],
  ])('names what is wrong with (%s), and the SQL that it gives cures it', async (sql, cure) => {
    const table = `wrong_${(wrong += 1)}`;
    await pool.promise().query(`CREATE TABLE ${table} (${sql})`);
    const make = () => new MysqlUserStore(pool, { table, columns });
    await make().migrate();
    const expected = cure.replaceAll('TABLE_', `${table}_`).replaceAll(/TABLE(?= \(| MOD| ADD)/g, table);
    await expect(make().ready()).rejects.toThrow(expected);
    await pool.promise().query(expected);
    await make().ready();
  });
  let wrong = 0;

  test('fails for a column that nobody fills, and names the tables that migrate() makes', async () => {
    const sql = `id int AUTO_INCREMENT PRIMARY KEY, email varchar(100) UNIQUE, password varchar(255), city varchar(20) NOT NULL,
      plan enum('free', 'paid') NOT NULL, name varchar(100) AS (lower(email)) STORED`;
    await pool.promise().query(`CREATE TABLE citizens (${sql})`);
    const store = new MysqlUserStore(pool, { table: 'citizens', columns });
    await expect(store.ready({ hasFields: false })).rejects.toThrow(
      'ALTER TABLE citizens MODIFY city varchar(20) NULL;',
    );
    await expect(store.ready({ hasFields: false })).rejects.toThrow('grant TRIGGER on the table');
    await expect(store.ready()).rejects.toThrow(
      'The tables citizens_usernames, citizens_identities, citizens_credentials are missing',
    );
    await expect(store.findByUsername('ann')).rejects.toThrow(/call `await store.migrate\(\)`/);
    await store.migrate();
    await store.ready();
    await pool
      .promise()
      .query('CREATE TRIGGER fill BEFORE INSERT ON citizens FOR EACH ROW SET NEW.city = "Ulm"');
    await store.ready({ hasFields: false });
    await pool.promise().query('DROP TRIGGER fill');
  });
});

describe.each([
  ['boolean NOT NULL DEFAULT 0', 'true'],
  ['datetime', 'CURRENT_TIMESTAMP'],
])('a column verified %s', (type, proved) => {
  let table: VerifiedTable;
  beforeAll(async () => {
    const name = `verified_${proved.toLowerCase()}`;
    const query = async (text: string, values: string[] = []) =>
      (await pool.promise().query(text, values))[0];
    await query(
      `CREATE TABLE ${name} (id int AUTO_INCREMENT PRIMARY KEY, email varchar(100) NOT NULL UNIQUE, password varchar(255), verified ${type})`,
    );
    const users = new MysqlUserStore(pool, {
      table: name,
      columns: { ...columns, emailVerified: 'verified' },
    });
    await users.migrate();
    await users.ready();
    table = {
      users,
      isVerified: async (email) => {
        const rows = await query(`SELECT verified FROM ${name} WHERE email = ?`, [email]);
        return Boolean((rows as { verified: unknown }[])[0]?.verified);
      },
      setVerified: (email) => query(`UPDATE ${name} SET verified = ${proved} WHERE email = ?`, [email]),
    };
  });

  proveVerifiedColumn(() => table);
});

test.each([
  ['mysql://localhost/app', /a text, not a client: pass a pool of mysql2/],
  [{ query: () => undefined, config: {} }, /the package mysql, which is not maintained/],
  [mysql.createPool, /no client of mysql2/],
  [Promise.resolve(), /a promise: await it first/],
])('a wrong client is refused: %p', (client, message) => {
  expect(() => new MysqlUserStore(client as never)).toThrow(message);
});
