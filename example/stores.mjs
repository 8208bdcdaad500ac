// Where users and sessions live: on servers if their addresses are set, otherwise in a file beside the app.
import { Redis } from 'ioredis';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresRefreshTokenStore, PostgresUserStore, RedisRefreshTokenStore } from 'passport-visa';
import { SqliteRefreshTokenStore, SqliteUserStore } from 'passport-visa/sqlite';
import { Pool } from 'pg';
import { lockFolder } from './folder-lock.mjs';

/**
 * @typedef {object} Stores
 * @property {PostgresUserStore | SqliteUserStore} users
 * @property {PostgresRefreshTokenStore | SqliteRefreshTokenStore | RedisRefreshTokenStore} refreshTokens
 * @property {string} description
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Database
 * @property {PostgresUserStore | SqliteUserStore} users
 * @property {() => PostgresRefreshTokenStore | SqliteRefreshTokenStore} sessions
 * @property {string} name
 * @property {() => Promise<void>} close
 *
 * @typedef {import('passport-visa/sqlite').SqliteDatabase & { close(): void }} SqliteFile
 */

/**
 * @param {import('./settings.mjs').Settings} settings
 * @returns {Promise<Stores>}
 */
export async function openStores({ databaseUrl, redisUrl, dataFolder }) {
  const database = databaseUrl ? connectPostgres(databaseUrl) : await openEmbedded(dataFolder);
  await database.users.migrate();

  if (redisUrl) {
    const redis = new Redis(redisUrl);
    return {
      users: database.users,
      refreshTokens: new RedisRefreshTokenStore(redis),
      description: `users in ${database.name}, sessions in Redis`,
      async close() {
        redis.disconnect();
        await database.close();
      },
    };
  }

  const refreshTokens = database.sessions();
  await refreshTokens.migrate();
  return {
    users: database.users,
    refreshTokens,
    description: `users and sessions in ${database.name}`,
    close: database.close,
  };
}

/**
 * @param {string} connectionString
 * @returns {Database}
 */
function connectPostgres(connectionString) {
  const pool = new Pool({ connectionString });
  return inPostgres(pool, 'PostgreSQL', () => pool.end());
}

/**
 * @param {import('passport-visa').PostgresClient} client
 * @param {string} name
 * @param {() => Promise<void>} close
 * @returns {Database}
 */
function inPostgres(client, name, close) {
  return {
    users: new PostgresUserStore(client),
    sessions: () => new PostgresRefreshTokenStore(client),
    name,
    close,
  };
}

/**
 * SQLite where Node has it, from 22.13 on. Otherwise, and where an older Node has made accounts already, PGlite.
 *
 * @param {string} dataFolder
 */
async function openEmbedded(dataFolder) {
  const folder = join(dataFolder, 'postgres');
  const sqlite = /** @type {{ DatabaseSync: new (file: string) => SqliteFile } | undefined} */ (
    process.getBuiltinModule?.('node:sqlite')
  );
  if (!sqlite || existsSync(folder)) return openPglite(dataFolder, folder);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const file = join(dataFolder, 'example.db');
  const database = new sqlite.DatabaseSync(file);
  return {
    users: new SqliteUserStore(database),
    sessions: () => new SqliteRefreshTokenStore(database),
    name: `SQLite (${file})`,
    close: async () => database.close(),
  };
}

/**
 * PGlite is PostgreSQL compiled to WebAssembly: nothing to install, one process at a time.
 *
 * @param {string} dataFolder
 * @param {string} folder
 * @returns {Promise<Database>}
 */
async function openPglite(dataFolder, folder) {
  await lockFolder(dataFolder);
  if (!existsSync(folder)) console.log(`Making a database in ${folder}: this takes a few seconds, once …`);
  const { PGlite } = await import('@electric-sql/pglite');
  const client = await PGlite.create(folder);
  return inPostgres(client, `PGlite (${folder})`, () => client.close());
}
