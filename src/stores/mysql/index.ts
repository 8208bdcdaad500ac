export { MysqlUserStore, type MysqlUserStoreOptions } from './user-store.js';
export type { MysqlClient, MysqlConnection, MysqlPool, MysqlWithPromises } from './client.js';
export type { UserColumns, UserTableOptions } from '../app-table/user-table-options.js';
