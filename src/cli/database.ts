import type { PostgresRefreshTokenStore } from '../stores/postgres/refresh-token-store.js';
import type { PostgresUserStore } from '../stores/postgres/user-store.js';
import type { SqliteRefreshTokenStore } from '../stores/sqlite/refresh-token-store.js';
import type { SqliteUserStore } from '../stores/sqlite/user-store.js';
import { postgresStores } from './postgres-stores.js';
import { withPostgres } from './postgres.js';
import { sqliteStores } from './sqlite-stores.js';
import { sqliteFile, withSqlite } from './sqlite.js';
import type { StoreNames } from './store-names.js';

export type DatabaseUserStore = PostgresUserStore | SqliteUserStore;
export type DatabaseSessionStore = PostgresRefreshTokenStore | SqliteRefreshTokenStore;

/** The stores in a database. */
export interface Database {
  users(): Promise<DatabaseUserStore>;
  sessions(): Promise<DatabaseSessionStore>;
}

export interface DatabaseSettings {
  /** A sentence about how to do without DATABASE_URL, if that is possible. */
  otherwise?: string | undefined;
  /** For `migrate`: creates a file of SQLite that isn't there, and may take long. Default: false. */
  migrates?: boolean;
}

/**
 * Connects to DATABASE_URL, runs `work` and closes the connections.
 * @throws UsageError when DATABASE_URL is missing or wrong
 * @throws CommandError when the package of its driver is not installed, or the database can't be used
 */
export async function withDatabase<T>(
  names: StoreNames,
  work: (database: Database) => Promise<T>,
  { otherwise, migrates = false }: DatabaseSettings = {},
): Promise<T> {
  const file = sqliteFile();
  return file === undefined
    ? withPostgres((pool) => work(postgresStores(pool, names)), { otherwise, mayTakeLong: migrates })
    : withSqlite(file, ({ database }) => work(sqliteStores(database, names)), { migrates });
}
