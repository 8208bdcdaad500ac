import { randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';
import { Client, Pool } from 'pg';
import { PATIENT, useCallTimes } from '../call-times';

useCallTimes(PATIENT);

export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
  /** Ends the pool and drops the database, even if clients are still connected. */
  close(): Promise<void>;
}

/**
 * A new database on the PostgreSQL server that all test files share.
 * @param encoding how it keeps texts. Default: UTF8
 */
export async function createDatabase(encoding = 'UTF8'): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const locale = `TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`;
  await administrate(
    `CREATE DATABASE ${name}${encoding === 'UTF8' ? '' : ` ENCODING '${encoding}' ${locale}`}`,
  );
  const url = new URL(`/${name}`, sharedUrl('TEST_POSTGRES_URL')).href;
  const pool = new Pool({ connectionString: url });
  // A failed test may leave connections open. When the server ends them, that must not end this process.
  pool.on('error', () => undefined);
  return {
    url,
    pool,
    async close() {
      if (!pool.ending) await pool.end();
      await administrate(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

/** A client of the Redis server that all test files share. Use only keys with a `randomPrefix()`. */
export function connectRedis(options: Omit<RedisOptions, 'replyMapping'> = {}): Redis {
  return new Redis(sharedUrl('TEST_REDIS_URL'), options);
}

/** A key prefix that no other test uses. */
export function randomPrefix(): string {
  return `test:${randomUUID()}:`;
}

async function administrate(sql: string): Promise<void> {
  const client = new Client({ connectionString: sharedUrl('TEST_POSTGRES_URL') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function sharedUrl(name: 'TEST_REDIS_URL' | 'TEST_POSTGRES_URL'): string {
  const url = process.env[name];
  if (!url) throw new Error(`${name} is not set: test/helpers/servers/global-setup.ts sets it`);
  return url;
}
