export { KnexUserStore, type KnexUserStoreOptions } from './user-store.js';
export type { KnexClient } from './knex-client.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
