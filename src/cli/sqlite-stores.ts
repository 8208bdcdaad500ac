import type { SqliteDatabase } from '../stores/sqlite/database.js';
import type { SqliteRefreshTokenStore } from '../stores/sqlite/refresh-token-store.js';
import type { SqliteUserStore } from '../stores/sqlite/user-store.js';
import { asUsageError } from './describe-error.js';
import { prefixedTables, sessionTables, type StoreNames } from './store-names.js';

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

async function openUserStore(database: SqliteDatabase, names: StoreNames): Promise<SqliteUserStore> {
  const { SqliteUserStore } = await import('../stores/sqlite/user-store.js');
  return asUsageError(() => new SqliteUserStore(database, prefixedTables('SQLite', names)));
}

async function openSessionStore(
  database: SqliteDatabase,
  names: StoreNames,
): Promise<SqliteRefreshTokenStore> {
  const { SqliteRefreshTokenStore } = await import('../stores/sqlite/refresh-token-store.js');
  return asUsageError(() => new SqliteRefreshTokenStore(database, sessionTables(names)));
}
