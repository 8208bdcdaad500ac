import { randomUUID } from 'node:crypto';
import type { NewUser, UserStore } from '../stores/user-store.js';

/** Creates a user with a random username and no password. @returns the user's id */
export async function newUser(users: UserStore): Promise<string> {
  return (await users.create({ username: randomUUID(), passwordHash: null })).id;
}

/** What a factory of the caller makes. */
export const aUser = '{ username, passwordHash, roles? }';

/** @throws TypeError if the factory of the caller makes something else */
export function checkedUser(suite: string, user: NewUser): NewUser {
  const { username, passwordHash } = (user as NewUser | undefined) ?? ({} as NewUser);
  if (typeof username === 'string' && (passwordHash === null || typeof passwordHash === 'string'))
    return user;
  throw new TypeError(`${suite}(): newUser() must return ${aUser}`);
}

/** @throws TypeError if the factory of the caller makes something else, or a user without a password */
export function checkedUserWithPassword(suite: string, user: NewUser): NewUser & { passwordHash: string } {
  const { passwordHash } = checkedUser(suite, user);
  if (passwordHash !== null) return { ...user, passwordHash };
  throw new TypeError(`${suite}(): newUser() must return a user with a passwordHash, not null`);
}
