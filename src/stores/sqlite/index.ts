export { SqliteRefreshTokenStore, type SqliteRefreshTokenStoreOptions } from './refresh-token-store.js';
export type { SqliteDatabase, SqliteStatement } from './database.js';
