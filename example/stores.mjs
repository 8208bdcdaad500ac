// Where users and sessions live: on servers if their addresses are set, otherwise in a PostgreSQL inside this process.
import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresRefreshTokenStore, PostgresUserStore, RedisRefreshTokenStore } from 'passport-visa';
import { Pool } from 'pg';
import { lockFolder } from './folder-lock.mjs';

/**
 * @typedef {object} Stores
 * @property {PostgresUserStore} users
 * @property {PostgresRefreshTokenStore | RedisRefreshTokenStore} refreshTokens
 * @property {string} description
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Database
 * @property {import('passport-visa').PostgresClient} client
 * @property {string} name
 * @property {() => Promise<void>} close
 */

/**
 * @param {import('./settings.mjs').Settings} settings
 * @returns {Promise<Stores>}
 */
export async function openStores({ databaseUrl, redisUrl, dataFolder }) {
  const database = databaseUrl ? connectPostgres(databaseUrl) : await openPglite(dataFolder);
  const users = new PostgresUserStore(database.client);
  await users.migrate();

  if (redisUrl) {
    const redis = new Redis(redisUrl);
    return {
      users,
      refreshTokens: new RedisRefreshTokenStore(redis),
      description: `users in ${database.name}, sessions in Redis`,
      async close() {
        redis.disconnect();
        await database.close();
      },
    };
  }

  const refreshTokens = new PostgresRefreshTokenStore(database.client);
  await refreshTokens.migrate();
  return {
    users,
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
  return { client: pool, name: 'PostgreSQL', close: () => pool.end() };
}

/**
 * PGlite is PostgreSQL compiled to WebAssembly: nothing to install, one process at a time.
 *
 * @param {string} dataFolder
 * @returns {Promise<Database>}
 */
async function openPglite(dataFolder) {
  await lockFolder(dataFolder);
  const folder = join(dataFolder, 'postgres');
  if (!existsSync(folder)) console.log(`Making a database in ${folder}: this takes a few seconds, once …`);
  const client = await PGlite.create(folder);
  return { client, name: `PGlite (${folder})`, close: () => client.close() };
}
