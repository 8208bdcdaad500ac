import type { Dialect } from './dialects/dialect.js';
import type { UserColumns } from './user-table-options.js';

/** The columns of the table of users that a store creates where the app has none. */
export const OWN_COLUMNS: UserColumns = {
  id: 'id',
  username: 'username',
  usernameKey: 'username_key',
  passwordHash: 'password_hash',
  roles: 'roles',
  disabled: 'disabled',
};

/** The statements that create it. @param name has been checked */
export function ownUsersTable(name: string, { types, createTable }: Dialect): string[] {
  return createTable({
    name,
    columns: [
      `id ${types.id} NOT NULL`,
      `username ${types.key} NOT NULL`,
      `username_key ${types.key} NOT NULL UNIQUE`,
      `password_hash ${types.text}`,
      `roles ${types.text} NOT NULL`,
      `disabled ${types.flag} NOT NULL DEFAULT ${types.no}`,
      `created_at ${types.moment}`,
    ],
    primaryKey: 'id',
  });
}
