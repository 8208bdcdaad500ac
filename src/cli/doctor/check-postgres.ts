import type { Pool } from 'pg';
import { POSTGRES } from '../../stores/app-table/dialects/postgres.js';
import { numberedMarks } from '../../stores/app-table/numbered-marks.js';
import type { SqlStatements } from '../../stores/app-table/sql-statements.js';
import type { Row } from '../../stores/app-table/user-rows.js';
import { postgresStores } from '../postgres-stores.js';
import { withPostgres } from '../postgres.js';
import type { StoreNames } from '../store-names.js';
import { judgeClock, measureClock } from './check-clock.js';
import { checkSchema } from './check-schema.js';
import { checkUsersTable } from './check-users-table.js';
import { connectionFailure, findingsAbout, type Finding } from './finding.js';

/** As `server_version_num` has it: PostgreSQL 13. */
const OLDEST_SUPPORTED = 130_000;
const { ok, fail } = findingsAbout('postgres');

export async function checkPostgres(names: StoreNames, only?: 'sessions'): Promise<Finding[]> {
  try {
    return await withPostgres((pool) => checkServer(pool, names, only));
  } catch (error) {
    return [connectionFailure('postgres', 'DATABASE_URL', error)];
  }
}

async function checkServer(pool: Pool, names: StoreNames, only?: 'sessions'): Promise<Finding[]> {
  const version = await queryRow<{ number: number; name: string }>(
    pool,
    `SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name`,
  );
  const ahead = await measureClock(async () => {
    const { now } = await queryRow<{ now: number }>(
      pool,
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
    );
    return now;
  });
  const columnsOf = async (table: string) => {
    const { present } = await queryRow<{ present: string[] | null }>(
      pool,
      `SELECT array_agg(attname::text) AS present FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    return present ?? undefined;
  };
  return [
    version.number >= OLDEST_SUPPORTED
      ? ok(`PostgreSQL ${version.name}`)
      : fail(`PostgreSQL ${version.name} is too old`, 'upgrade to 13 or newer'),
    judgeClock('postgres', ahead),
    ...(await checkSchema('postgres', postgresStores(pool, names), only, names, columnsOf)),
    ...(only ? [] : await checkUsersTable('postgres', { dialect: POSTGRES, sql: statementsOf(pool) }, names)),
  ];
}

function statementsOf(pool: Pool): SqlStatements {
  const send = (text: string, values: readonly unknown[] = []) => {
    return pool.query<Row>(numberedMarks(text), [...values]);
  };
  return {
    query: async (text, values) => (await send(text, values)).rows,
    execute: async (text, values) => (await send(text, values)).rowCount ?? 0,
  };
}

async function queryRow<Row extends object>(pool: Pool, text: string, values: unknown[] = []): Promise<Row> {
  return (await pool.query<Row>(text, values)).rows[0] as Row;
}
