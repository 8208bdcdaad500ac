import type { StoredUser } from '../user-store.js';
import { asText, readText } from './client.js';

/** A row as the statements return it: texts, for `readText`. */
export interface UserRow {
  id: string;
  username: string;
  passwordHash: string | null;
  roles: string;
  disabled: string;
}

export const STORED_COLUMNS = 'id, username, password_hash, roles, disabled';
export const COLUMNS = `id, username, password_hash AS "passwordHash", ${asText.list('roles')} AS roles, ${asText.value('disabled')} AS disabled`;

export function toUser(row: UserRow): StoredUser {
  return {
    id: row.id,
    username: row.username,
    passwordHash: row.passwordHash,
    roles: readText.list(row.roles),
    disabled: readText.boolean(row.disabled),
  };
}
