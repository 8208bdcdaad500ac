import type { CredentialStore } from './credential-store.js';

/** A user as the store keeps it. */
export interface StoredUser {
  /** Never empty, never reused, at most 255 characters. */
  id: string;
  /** As it was registered; compared by `usernameKey`. */
  username: string;
  /** A bcrypt hash (`$2a$`, `$2b$`, `$2y$`), one of this package, or null: no password, other strategies only. */
  passwordHash: string | null;
  roles: string[];
  /** A disabled user can neither log in nor refresh. Default: false. */
  disabled?: boolean;
}

/** The user, if they can log in and stay logged in: one who exists and is not disabled. */
export function activeUser(found: StoredUser | undefined): StoredUser | undefined {
  return found?.disabled ? undefined : found;
}

/** Why `activeUser(found)` is undefined. */
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
 * Where users live. Implement it over your own table; `userStoreContract` of `passport-visa/testing`
 * proves an implementation.
 *
 * A store that can't be reached must say so within a second with `new AuthError('SERVICE_UNAVAILABLE')`;
 * "not found" is `undefined`, never an error.
 */
export interface UserStore {
  /** Compares by `usernameKey(username)`. */
  findByUsername(username: string): Promise<StoredUser | undefined>;
  /** Undefined when there is no such user. */
  findById(id: string): Promise<StoredUser | undefined>;
  /** @throws UsernameTakenError when the username exists, in whatever case. Of parallel calls one wins. */
  create(user: NewUser): Promise<StoredUser>;
  /**
   * Compare-and-set: replaces the hash only while it is still `previous`.
   * @returns false when it isn't, or there is no such user.
   */
  updatePasswordHash(id: string, next: string, previous: string | null): Promise<boolean>;
  /**
   * Lets `createAuth` end the sessions of a user that this store has just disabled or deleted: the store awaits `listener`
   * before it answers. Without it, call `auth.sessions.revokeAll(userId)` yourself.
   * @returns a function that takes the listener away
   */
  onUserGone?(listener: UserGoneListener): () => void;
  /**
   * The credentials of these users. When a user is deleted, their credentials go too. A store without this method can't be used
   * with features that keep credentials.
   */
  credentials?(): CredentialStore;
}

/** Called with the id of a user who has been disabled or deleted. */
export type UserGoneListener = (userId: string) => Promise<unknown>;
