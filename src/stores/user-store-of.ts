import type { UserStore } from './user-store.js';

/** A registered symbol, because two copies of this package can load: the app's and that of its tests. */
const USERS = Symbol.for('passport-visa.users');

/**
 * Lets `passport-visa/testing` find the store that an Auth works with. It opens nothing: the store is the app's own, and no
 * token can be made from it.
 */
export function rememberUserStore<T extends object>(auth: T, users: UserStore): T {
  return Object.defineProperty(auth, USERS, { value: users });
}

/** Undefined for what `createAuth` didn't make, such as a copy of an Auth. */
export function userStoreOf(auth: object): UserStore | undefined {
  return (auth as { [USERS]?: UserStore })[USERS];
}
