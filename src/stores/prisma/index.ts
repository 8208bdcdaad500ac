export { PrismaUserStore, type PrismaUserStoreOptions } from './user-store.js';
export type { PrismaClientLike } from './prisma-client.js';
export type { UserColumns, UserTableOptions, UserTableRow } from '../app-table/user-table-options.js';
