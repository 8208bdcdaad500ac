import type { CredentialStore } from './credential-store.js';

/** A user as the store keeps it. */
export interface StoredUser {
  /** A string of 1 to 255 characters. Never used again for another user. */
  id: string;
  /** As the user registered it. Two usernames are the same if their `usernameKey` is. */
  username: string;
  /** A hash made by this package or by bcrypt (`$2a$`, `$2b$`, `$2y$`). Null: the user has no password, only other strategies. */
  passwordHash: string | null;
  /** What the user may do, for `guard({ roles })`. Access tokens carry them. */
  roles: string[];
  /** A disabled user can neither log in nor refresh. Default: false. */
  disabled?: boolean;
}

/** The user, if there is one who isn't disabled: only such a user can log in and stay logged in. */
export function activeUser(found: StoredUser | undefined): StoredUser | undefined {
  return found?.disabled ? undefined : found;
}

/** The reason that events give when `activeUser(found)` is undefined. */
export function inactiveReason(found: StoredUser | undefined): 'unknown-user' | 'disabled' {
  return found ? 'disabled' : 'unknown-user';
}

/** A user to create. */
export interface NewUser {
  username: string;
  passwordHash: string | null;
  /** Default: none. */
  roles?: string[];
}

/**
 * Where users live. Implement it for your own table; `userStoreContract` of `passport-visa/testing` proves an implementation.
 *
 * A store that can't be reached must throw `new AuthError('SERVICE_UNAVAILABLE')` within a second. "Not found" is `undefined`,
 * never an error.
 */
export interface UserStore {
  /** Compares by `usernameKey(username)`. Undefined if there is no such user. */
  findByUsername(username: string): Promise<StoredUser | undefined>;
  /** Undefined if there is no such user. */
  findById(id: string): Promise<StoredUser | undefined>;
  /**
   * Of parallel calls for one username, only one creates a user.
   * @param fields what `register.schema` made of the further members of a registration; undefined for users from elsewhere. Only a
   * store that says `takesFields` gets it
   * @throws UsernameTakenError if the `usernameKey` exists
   */
  create(user: NewUser, fields?: unknown): Promise<StoredUser>;
  /** Whether `create` keeps the fields of a registration. `createAuth` refuses `register.schema` with a store that would drop them. */
  readonly takesFields?: boolean;
  /**
   * Compare-and-set: replaces the hash only if it is still `previous`.
   * @returns false if the hash has changed, or if there is no such user
   */
  updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean>;
  /**
   * Compare-and-set: replaces the username only if it is still `previous`, byte for byte. Of parallel calls for one name, and of a
   * call and a `create` of that name, only one gets it. Spelling the same name in another way (`Ann` as `ann`) is a change too.
   * @param next stored as `create` would store it: `newUsername(next)`
   * @returns false if the username has changed, or if there is no such user
   * @throws UsernameTakenError if another user has the `usernameKey` of `next`
   * @throws AuthError VALIDATION_FAILED for a name that is too long or has invisible characters
   * @throws TypeError for a name with a NUL or a lone surrogate, which no database can keep
   */
  updateUsername?(id: string, next: string, previous: string): Promise<boolean>;
  /**
   * For a store that knows whether an e-mail address is proved, in a column of the app's: whether it says so of the user's name. The
   * feature `emailAccount` asks it beside its own record. False for an unknown user, and for one who has another name.
   */
  isEmailVerified?(id: string, username: string): Promise<boolean>;
  /**
   * Keeps that the user's name is proved, unless the user has another one now. `create` makes users whose name isn't, and `updateUsername`
   * ends it for a name with another `usernameKey`.
   */
  setEmailVerified?(id: string, username: string): Promise<void>;
  /**
   * Calls `listener` whenever this store has disabled or deleted a user, and awaits it before the call resolves. `createAuth`
   * uses it to end the user's sessions. Without this method, call `auth.sessions.revokeAll(userId)` yourself.
   * @returns a function that removes the listener
   */
  onUserGone?(listener: UserGoneListener): () => void;
  /**
   * The credentials of these users. When a user is deleted, their credentials are deleted too. Features that keep credentials
   * don't work with a store that lacks this method.
   */
  credentials?(): CredentialStore;
  /**
   * Looks whether the database is as the store needs it. `auth.ready()` waits for it, and tries again while it fails with
   * SERVICE_UNAVAILABLE.
   * @throws Error that says what is wrong and how to cure it
   */
  ready?(options?: UserStoreReadyOptions): Promise<void>;
}

/** What `auth.ready()` tells the user store. */
export interface UserStoreReadyOptions {
  /**
   * Whether registrations bring fields, or the app creates their users itself. If neither, no column may be left that only the app can
   * fill. Default: true.
   */
  hasFields?: boolean;
}

/** Called with the id of a user who has been disabled or deleted. */
export type UserGoneListener = (userId: string) => Promise<unknown>;
