import type { SqliteDatabase } from '../stores/sqlite/database.js';
import type { SqliteRefreshTokenStore } from '../stores/sqlite/refresh-token-store.js';
import type { SqliteUserStore } from '../stores/sqlite/user-store.js';
import { asUsageError, UsageError } from './describe-error.js';
import { sessionTables, type StoreNames } from './store-names.js';

/** For what needs the SQL of the stores alone. */
export const NO_FILE: SqliteDatabase & { location(): null } = {
  prepare: () => {
    throw new Error('There is no file');
  },
  exec: () => undefined,
  location: () => null,
};

/** The app's own store classes with the app's table names. Their `schema` and `migrate()` are therefore the app's too. */
export function sqliteStores(database: SqliteDatabase, names: StoreNames) {
  return {
    users: () => openUserStore(database, names),
    sessions: () => openSessionStore(database, names),
  };
}

async function openUserStore(
  database: SqliteDatabase,
  { usersTable: table, columns, prefix, identitiesTable, credentialsTable }: StoreNames,
): Promise<SqliteUserStore> {
  if (identitiesTable !== undefined || credentialsTable !== undefined)
    throw new UsageError(
      '--identities-table and --credentials-table are for a PostgresUserStore: in SQLite the option --prefix names these tables',
    );
  const { SqliteUserStore } = await import('../stores/sqlite/user-store.js');
  return asUsageError(() => new SqliteUserStore(database, { table, columns, prefix }));
}

async function openSessionStore(
  database: SqliteDatabase,
  names: StoreNames,
): Promise<SqliteRefreshTokenStore> {
  const { SqliteRefreshTokenStore } = await import('../stores/sqlite/refresh-token-store.js');
  return asUsageError(() => new SqliteRefreshTokenStore(database, sessionTables(names)));
}
