import { randomUUID } from 'node:crypto';
import type { NewUser, UserStore } from '../stores/user-store.js';

/** Creates a user with a random username and no password. @returns the user's id */
export async function newUser(users: UserStore): Promise<string> {
  return (await users.create({ username: randomUUID(), passwordHash: null })).id;
}

/** @throws TypeError if the factory of the caller makes something else */
export function checkedUser(suite: string, user: NewUser): NewUser & { passwordHash: string } {
  const { username, passwordHash } = (user as NewUser | undefined) ?? ({} as NewUser);
  if (typeof username === 'string' && typeof passwordHash === 'string') return { ...user, passwordHash };
  throw new TypeError(`${suite}(): newUser() must return { username, passwordHash, roles? }`);
}
