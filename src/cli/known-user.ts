import type { StoredUser, UserStore } from '../stores/user-store.js';
import { CommandError } from './describe-error.js';

/** @throws CommandError when there is no such user */
export async function knownUser(users: UserStore, username: string): Promise<StoredUser> {
  const user = await users.findByUsername(username);
  if (!user) throw new CommandError(`There is no user "${username}"`);
  return user;
}

/** What is shown of a user: never the hash of the password. */
export function shownUser({ id, username, roles, disabled = false }: StoredUser) {
  return { id, username, roles, disabled };
}
