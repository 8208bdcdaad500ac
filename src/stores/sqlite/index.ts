export { SqliteRefreshTokenStore, type SqliteRefreshTokenStoreOptions } from './refresh-token-store.js';
export { SqliteUserStore, type SqliteUserStoreOptions } from './user-store.js';
export type { SqliteDatabase, SqliteStatement } from './database.js';
export type { SqlTableOptions } from '../app-table/sql-table-options.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
