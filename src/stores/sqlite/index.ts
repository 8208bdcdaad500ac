export { SqliteRefreshTokenStore, type SqliteRefreshTokenStoreOptions } from './refresh-token-store.js';
export { SqliteUserStore, type SqliteUserStoreOptions } from './user-store.js';
export type { SqliteDatabase, SqliteStatement } from './database.js';
export type { UserColumns, UserTableOptions } from '../app-table/user-table-options.js';
