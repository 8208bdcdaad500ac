import type { Pool } from 'pg';
import { CommandError, reasonOf } from '../describe-error.js';
import { setting } from '../environment.js';
import { withPostgres } from '../postgres.js';
import { openPostgresSessions, openUserStore, type StoreNames } from '../stores.js';
import { judgeClock, measureClock } from './check-clock.js';
import { connectionCure, findingsAbout, type Finding } from './finding.js';
import { schemaColumns } from './schema-columns.js';

const OLDEST_SUPPORTED = 130_000;
const { ok, warn, fail } = findingsAbout('postgres');

export async function checkPostgres(names: StoreNames): Promise<Finding[]> {
  if (setting('DATABASE_URL') === undefined)
    return [
      warn('DATABASE_URL is not set, so that PostgreSQL is not looked at', 'set it, or use --env-file'),
    ];
  try {
    return await withPostgres((pool) => examine(pool, names));
  } catch (error) {
    const message = error instanceof CommandError ? error.message : reasonOf(error);
    return [fail(message, connectionCure(error, 'DATABASE_URL'))];
  }
}

async function examine(pool: Pool, names: StoreNames): Promise<Finding[]> {
  const version = await ask<{ number: number; name: string }>(
    pool,
    `SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name`,
  );
  const ahead = await measureClock(async () => {
    const { now } = await ask<{ now: number }>(
      pool,
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
    );
    return now;
  });
  const stores = [await openUserStore(pool, names)] as { schema: string }[];
  if (setting('REDIS_URL') === undefined) stores.push(await openPostgresSessions(pool, names));
  return [
    version.number >= OLDEST_SUPPORTED
      ? ok(`PostgreSQL ${version.name}`)
      : fail(`PostgreSQL ${version.name} is too old`, 'upgrade to 13 or newer'),
    judgeClock('postgres', ahead),
    ...(await checkSchema(pool, stores.map(({ schema }) => schema).join('\n'))),
  ];
}

async function checkSchema(pool: Pool, schema: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  const cure = 'run `npx passport-visa migrate`';
  for (const [table, columns] of schemaColumns(schema)) {
    const { present } = await ask<{ present: string[] | null }>(
      pool,
      `SELECT array_agg(attname::text) AS present FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    const missing = columns.filter((column) => !present?.includes(column));
    if (!present) findings.push(fail(`the table ${table} is missing`, cure));
    else if (missing.length > 0) findings.push(fail(`the table ${table} lacks ${missing.join(', ')}`, cure));
    else findings.push(ok(`the table ${table} is up to date`));
  }
  return findings;
}

async function ask<Row extends object>(pool: Pool, text: string, values: unknown[] = []): Promise<Row> {
  // Within the limit of an outage; a server that froze after it was connected to would never answer.
  const query = { text, values, query_timeout: 1500 };
  return (await pool.query<Row>(query)).rows[0] as Row;
}
