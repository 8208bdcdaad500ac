export { KyselyUserStore, type KyselyUserStoreOptions } from './user-store.js';
export type { KyselyClient } from './kysely-client.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
