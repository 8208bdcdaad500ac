import type { Pool } from 'pg';
import { tableFaults } from '../../stores/app-table/assert-ready.js';
import { POSTGRES } from '../../stores/app-table/dialects/postgres.js';
import { numberedMarks } from '../../stores/app-table/numbered-marks.js';
import { OWN_COLUMNS } from '../../stores/app-table/own-users-table.js';
import type { SqlStatements, TablePlace } from '../../stores/app-table/sql-statements.js';
import type { Row } from '../../stores/app-table/user-rows.js';
import { mappingOf, type UserColumns } from '../../stores/app-table/user-table-options.js';
import { asUsageError } from '../stores.js';
import { findingsAbout, type Finding } from './finding.js';

/** Short enough to report an outage within two seconds. */
const QUERY_TIMEOUT_MS = 1500;
const { ok, fail } = findingsAbout('postgres');

/**
 * Looks at the columns and indexes of the table of users, as `auth.ready()` does.
 * @param columns of the app's own table. Undefined: `name` is a table of PostgresUserStore
 */
export async function checkUsersTable(
  pool: Pool,
  name: string,
  columns: UserColumns | undefined,
): Promise<Finding[]> {
  const [table, schema] = name.split('.').reverse() as [string, string?];
  const place: TablePlace = { table, schema };
  const sql = statementsOf(pool);
  if ((await POSTGRES.columns(sql, place)).length === 0)
    return columns ? [fail(`the table ${name} is missing`, 'correct --users-table')] : []; // the check of the schema has said so
  const mapping = asUsageError(() => mappingOf('--columns', { columns: columns ?? OWN_COLUMNS }));
  // What registrations bring into a table of the app's, only `auth.ready()` knows.
  const faults = await tableFaults({ dialect: POSTGRES, place, sql }, mapping, columns !== undefined);
  if (faults.length > 0) return faults.map(({ what, cure }) => fail(`${name}: ${what}`, cure));
  return columns ? [ok(`the table ${name} fits --columns`)] : [];
}

function statementsOf(pool: Pool): SqlStatements {
  const send = (text: string, values: readonly unknown[] = []) => {
    const query = { text: numberedMarks(text), values: [...values], query_timeout: QUERY_TIMEOUT_MS };
    return pool.query<Row>(query);
  };
  return {
    query: async (text, values) => (await send(text, values)).rows,
    execute: async (text, values) => (await send(text, values)).rowCount ?? 0,
  };
}
