import type { UserColumns } from '../stores/app-table/user-table-options.js';
import { UsageError } from './describe-error.js';

/** Tables, keys and times that an app has changed. Each member is an option of a store, or of `createAuth`, with the same default. */
export interface StoreNames {
  usersTable?: string;
  /** Of a table of the app's own. */
  columns?: UserColumns;
  /** Of a PostgresUserStore. */
  identitiesTable?: string;
  /** Of a PostgresUserStore. */
  credentialsTable?: string;
  /** Of a SqliteUserStore or a MysqlUserStore, and of a PostgresUserStore over a table of the app's own. */
  prefix?: string;
  sessionsTable?: string;
  attemptsTable?: string;
  revocationsTable?: string;
  oneTimeTokensTable?: string;
  redisPrefix?: string;
  /** `accessToken.expiresIn` of the app. The end of a session is remembered for that long. Default: 30m. */
  accessLifetime?: string;
}

/** The options of a store of sessions. */
export function sessionTables({
  sessionsTable: table,
  attemptsTable,
  revocationsTable,
  oneTimeTokensTable,
}: StoreNames) {
  return {
    ...(table !== undefined && { table }),
    ...(attemptsTable !== undefined && { attemptsTable }),
    ...(revocationsTable !== undefined && { revocationsTable }),
    ...(oneTimeTokensTable !== undefined && { oneTimeTokensTable }),
  };
}

/** The options of a store of users whose tables beside that of the users have a prefix in common. @throws UsageError */
export function prefixedTables(
  database: string,
  { usersTable: table, columns, prefix, identitiesTable, credentialsTable }: StoreNames,
) {
  if (identitiesTable !== undefined || credentialsTable !== undefined)
    throw new UsageError(
      `--identities-table and --credentials-table are for a PostgresUserStore: in ${database} the option --prefix names these tables`,
    );
  return { table, columns, prefix };
}

/** For commands that take names of the user store. @throws UsageError for a mapping of no table */
export function checkColumns({ columns, usersTable, beside }: StoreNames & { beside?: string }): void {
  if (columns && usersTable === undefined && beside === undefined)
    throw new UsageError('--columns needs --users-table too: the name of your table');
}
