import type { UserStore } from './user-store.js';

/** A registered symbol, because two copies of this package can be loaded: one by the app and one by its tests. */
const USERS = Symbol.for('passport-visa.users');

/**
 * Lets `passport-visa/testing` find the user store of an Auth. This opens no back door: the app has the store anyway, and no
 * token can be made from it.
 */
export function rememberUserStore<T extends object>(auth: T, users: UserStore): T {
  return Object.defineProperty(auth, USERS, { value: users });
}

/** Undefined for an object that `createAuth` didn't return, such as a copy of an Auth. */
export function userStoreOf(auth: object): UserStore | undefined {
  return (auth as { [USERS]?: UserStore })[USERS];
}
