import type { StoredUser } from './user-store.js';

/** A user as clients see them. */
export type PublicUser = Pick<StoredUser, 'id' | 'username' | 'roles'>;

/** `user` as the answers of register, login and info have it. */
export function publicUser({ id, username, roles }: StoredUser): PublicUser {
  return { id, username, roles };
}
