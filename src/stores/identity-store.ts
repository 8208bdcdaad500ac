import { isKeepable } from './keepable-text.js';
import type { NewUser, StoredUser } from './user-store.js';

const MAX_LENGTH = 1024;

/** Who somebody is elsewhere, as whoever vouches for it says: OpenID Connect's `iss` and `sub`, an IdP and its NameID. */
export interface Identity {
  /** Who vouches: `'https://accounts.example.com'`. */
  issuer: string;
  /** Who they are there: a value that never changes hands, not an e-mail address. */
  subject: string;
}

/**
 * What a user store needs beside for logins by other strategies: which user an identity belongs to. An identity belongs to one
 * user at most; `identityStoreContract` of `passport-visa/testing` proves an implementation.
 */
export interface IdentityStore {
  /** Undefined when no user has it. */
  findByIdentity(identity: Identity): Promise<StoredUser | undefined>;
  /**
   * The user that the identity belongs to, or else a new one that it belongs to from now on. Of parallel calls one creates.
   * Never links to an existing user: that name may have been registered by somebody else. See `link`.
   * @throws UsernameTakenError when the identity is new and the username exists
   */
  findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser>;
  /**
   * Gives the identity to a user who has proved to be that user: who is logged in, or whose username is known to be verified.
   * @returns false when it belongs to another user, or there is no such user
   */
  link(userId: string, identity: Identity): Promise<boolean>;
  /** @returns whether it belonged to that user */
  unlink(userId: string, identity: Identity): Promise<boolean>;
  /** In no particular order. */
  listIdentities(userId: string): Promise<Identity[]>;
}

/**
 * A provider's profile without a subject must not become the one identity that everybody without a subject has.
 * @throws TypeError
 */
export function checkedIdentity({ issuer, subject }: Identity): Identity {
  for (const [name, value] of Object.entries({ issuer, subject }) as [string, unknown][]) {
    if (isKeepable(value) && value !== '' && value.length <= MAX_LENGTH) continue;
    throw new TypeError(`identity.${name} must be a text of 1 to ${MAX_LENGTH} characters`);
  }
  return { issuer, subject };
}
