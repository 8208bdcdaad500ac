import { Redis } from 'ioredis';
import { Client, type Pool } from 'pg';
import { PostgresRefreshTokenStore, PostgresUserStore, RedisRefreshTokenStore } from '../../src';
import { SqliteRefreshTokenStore, type SqliteDatabase } from '../../src/stores/sqlite';

/** What node-redis before version 5 has that matters here. */
const nodeRedis4 = { isOpen: true, isReady: true, sendCommand: () => Promise.resolve(), on: () => undefined };

test.each<[string, unknown, string]>([
  ['a URL', 'redis://127.0.0.1', 'got a text, not a client: pass a client of ioredis'],
  ['a client of node-redis 4', nodeRedis4, 'got a client of another package, or of an older version'],
  ['nothing', undefined, 'got no client'],
  ['options', { host: '127.0.0.1' }, 'got no Redis client'],
])('the Redis store refuses %s when it is made, and says what to pass', (_what, client, message) => {
  const make = () => new RedisRefreshTokenStore(client as Redis);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
  expect(make).toThrow('new RedisRefreshTokenStore(new Redis(url))');
  expect(make).toThrow('new RedisRefreshTokenStore(createClient({ url }))');
});

describe.each([
  ['PostgresUserStore', PostgresUserStore],
  ['PostgresRefreshTokenStore', PostgresRefreshTokenStore],
])('%s', (_name, Store) => {
  test.each<[string, unknown, string]>([
    ['a URL', 'postgres://127.0.0.1', 'got a text, not a client'],
    ['nothing', undefined, 'got no client'],
    [
      'a Client that is not connected',
      new Client(),
      "a Client of pg that isn't connected: call await client.connect()",
    ],
  ])('refuses %s when it is made, and says what to pass', (_what, client, message) => {
    const make = () => new Store(client as Pool);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    expect(make).toThrow('new Pool({ connectionString: url })');
  });

  test('takes a Client that is connected or connecting', async () => {
    const client = new Client({ connectionString: process.env['TEST_POSTGRES_URL'] });
    const connected = client.connect();
    expect(() => new Store(client)).not.toThrow();
    await connected;
    expect(() => new Store(client)).not.toThrow();
    await client.end();
  });
});

test('a client of ioredis is taken before it has connected', () => {
  const lazy = new Redis({ lazyConnect: true });
  expect(() => new RedisRefreshTokenStore(lazy)).not.toThrow();
  lazy.disconnect();
});

const method = () => undefined;
/** As the package sqlite3 has it, which calls back. */
const sqlite3 = { prepare: method, exec: method, all: method };

test.each<[string, unknown, string]>([
  ['the path of a file', 'app.db', 'got a text, not a database'],
  ['nothing', undefined, 'got no database of node:sqlite or better-sqlite3'],
  ['a class', class {}, 'got no database'],
  ['a database of the package sqlite3', sqlite3, 'got no database'],
  ['a pool', { query: method }, 'got no database'],
  [
    'one opened to be read',
    { ...sqlite3, pragma: method, readonly: true },
    'a database that was opened read-only',
  ],
])('the SQLite store refuses %s when it is made, and says what to pass', (_what, database, message) => {
  const make = () => new SqliteRefreshTokenStore(database as SqliteDatabase);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
  expect(make).toThrow('new SqliteRefreshTokenStore(new DatabaseSync(file)) with node:sqlite');
  expect(make).toThrow('new SqliteRefreshTokenStore(new Database(file)) with better-sqlite3');
});
