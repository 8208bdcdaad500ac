import type { Pool } from 'pg';
import { setting } from '../environment.js';
import { withPostgres } from '../postgres.js';
import { openPostgresSessionStore, openUserStore, type StoreNames } from '../stores.js';
import { DEFAULT_USERS_TABLE } from '../../stores/postgres/default-tables.js';
import { judgeClock, measureClock } from './check-clock.js';
import { connectionFailure, findingsAbout, type Finding } from './finding.js';
import { checkUsersTable } from './check-users-table.js';
import { schemaColumns } from './schema-columns.js';

/** As `server_version_num` has it: PostgreSQL 13. */
const OLDEST_SUPPORTED = 130_000;
/** Short enough to report an outage within two seconds. */
const QUERY_TIMEOUT_MS = 1500;
const { ok, warn, fail } = findingsAbout('postgres');

/** Which line of the app looks at users that the doctor doesn't know. */
const READY = ', whose table `await auth.ready()` checks when your app starts';

export async function checkPostgres(names: StoreNames, only?: 'sessions'): Promise<Finding[]> {
  if (only && setting('REDIS_URL') !== undefined)
    return [ok(`not in use: users are in a store of your own${READY}, and sessions in Redis`)];
  if (setting('DATABASE_URL') === undefined)
    return [warn('DATABASE_URL is not set, so PostgreSQL is not checked', 'set it, or use --env-file')];
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
  const users = only ? undefined : await openUserStore(pool, names);
  const stores: { schema: string }[] = users ? [users] : [];
  if (setting('REDIS_URL') === undefined) stores.push(await openPostgresSessionStore(pool, names));
  return [
    version.number >= OLDEST_SUPPORTED
      ? ok(`PostgreSQL ${version.name}`)
      : fail(`PostgreSQL ${version.name} is too old`, 'upgrade to 13 or newer'),
    judgeClock('postgres', ahead),
    ...(await checkSchema(pool, stores, users && !names.columns ? firstTable(users) : undefined)),
    ...(only
      ? [ok(`users are in a store of your own${READY}`)]
      : await checkUsersTable(pool, names.usersTable ?? DEFAULT_USERS_TABLE, names.columns)),
  ];
}

/** @param usersTable the table of users, which only an app with a `PostgresUserStore` has */
async function checkSchema(
  pool: Pool,
  stores: readonly { schema: string }[],
  usersTable: string | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const schema = stores.map((store) => store.schema).join('\n');
  for (const [table, columns] of schemaColumns(schema)) {
    const { present } = await queryRow<{ present: string[] | null }>(
      pool,
      `SELECT array_agg(attname::text) AS present FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped`,
      [table],
    );
    const migrate = 'run `npx passport-visa migrate`';
    const cure =
      table === usersTable
        ? `${migrate}; with a table of your own: doctor --users-table people --columns username=email,…; with another user store: doctor --only sessions`
        : migrate;
    const missing = columns.filter((column) => !present?.includes(column));
    if (!present) findings.push(fail(`the table ${table} is missing`, cure));
    else if (missing.length > 0) findings.push(fail(`the table ${table} lacks ${missing.join(', ')}`, cure));
    else findings.push(ok(`the table ${table} is up to date`));
  }
  return findings;
}

function firstTable({ schema }: { schema: string }): string | undefined {
  return schemaColumns(schema).keys().next().value;
}

async function queryRow<Row extends object>(pool: Pool, text: string, values: unknown[] = []): Promise<Row> {
  // A server that freezes after the connection was made would never answer.
  const query = { text, values, query_timeout: QUERY_TIMEOUT_MS };
  return (await pool.query<Row>(query)).rows[0] as Row;
}
