import type { UserColumns } from '../stores/app-table/user-table-options.js';

/** Tables, keys and times that an app has changed. Each member is an option of a store, or of `createAuth`, with the same default. */
export interface StoreNames {
  usersTable?: string;
  /** Of a table of the app's own. */
  columns?: UserColumns;
  /** Of a PostgresUserStore. */
  identitiesTable?: string;
  /** Of a PostgresUserStore. */
  credentialsTable?: string;
  /** Of a SqliteUserStore, and of a PostgresUserStore over a table of the app's own. */
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
