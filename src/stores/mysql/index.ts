export { MysqlUserStore, type MysqlUserStoreOptions } from './user-store.js';
export type { MysqlClient, MysqlConnection, MysqlPool, MysqlQuery, MysqlWithPromises } from './client.js';
export type { SqlTableOptions } from '../app-table/sql-table-options.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
