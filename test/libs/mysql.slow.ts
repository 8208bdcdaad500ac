import mysql from 'mysql2';
import { MysqlUserStore } from '../../src/stores/mysql';
import { credentialStoreContract, identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
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
