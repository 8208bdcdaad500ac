export { DrizzleUserStore, type DrizzleUserStoreOptions } from './user-store.js';
export type { DrizzleClient, DrizzleTable } from './drizzle-client.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
