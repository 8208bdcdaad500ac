import { randomUUID } from 'node:crypto';
import type { UserStore } from '../stores/user-store.js';

/** Creates a user with a random username and no password. @returns the user's id */
export async function newUser(users: UserStore): Promise<string> {
  return (await users.create({ username: randomUUID(), passwordHash: null })).id;
}
