import { tableFaults } from '../../stores/app-table/assert-ready.js';
import type { Dialect } from '../../stores/app-table/dialects/dialect.js';
import { OWN_COLUMNS } from '../../stores/app-table/own-users-table.js';
import type { SqlStatements, TablePlace } from '../../stores/app-table/sql-statements.js';
import { mappingOf } from '../../stores/app-table/user-table-options.js';
import { DEFAULT_USERS_TABLE } from '../../stores/postgres/default-tables.js';
import { asUsageError } from '../describe-error.js';
import type { StoreNames } from '../store-names.js';
import { findingsAbout, type Finding } from './finding.js';

/**
 * Looks at the columns and indexes of the table of users, as `auth.ready()` does: at the app's own with `--columns`, else at that of the
 * store.
 */
export async function checkUsersTable(
  about: string,
  { dialect, sql }: { dialect: Dialect; sql: SqlStatements },
  { usersTable = DEFAULT_USERS_TABLE, columns }: StoreNames,
): Promise<Finding[]> {
  const { ok, fail } = findingsAbout(about);
  const [table, schema] = usersTable.split('.').reverse() as [string, string?];
  const place: TablePlace = { table, schema };
  if ((await dialect.columns(sql, place)).length === 0)
    // A table of the store's own is in the check of the schema.
    return columns ? [fail(`the table ${usersTable} is missing`, 'correct --users-table')] : [];
  const mapping = asUsageError(() => mappingOf('--columns', { columns: columns ?? OWN_COLUMNS }));
  // What registrations bring into a table of the app's, only `auth.ready()` knows.
  const faults = await tableFaults({ dialect, place, sql }, mapping, columns !== undefined);
  if (faults.length > 0) return faults.map(({ what, cure }) => fail(`${usersTable}: ${what}`, cure));
  return columns ? [ok(`the table ${usersTable} fits --columns`)] : [];
}
