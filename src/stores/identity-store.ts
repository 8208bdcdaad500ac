import { isKeepable } from '../utils/keepable-text.js';
import type { NewUser, StoredUser } from './user-store.js';

const MAX_LENGTH = 1024;

/** An account at an identity provider: OpenID Connect's `iss` and `sub`, or a SAML IdP and its NameID. */
export interface Identity {
  /** The provider, such as `'https://accounts.example.com'`. 1 to 1024 characters. */
  issuer: string;
  /** The account there: a value that never passes to another person, so not an e-mail address. 1 to 1024 characters. */
  subject: string;
}

/**
 * What a user store also needs for logins by other strategies: it knows which user an identity belongs to. An identity belongs
 * to one user at most. `identityStoreContract` of `passport-visa/testing` proves an implementation.
 */
export interface IdentityStore {
  /** Undefined if no user has the identity. */
  findByIdentity(identity: Identity): Promise<StoredUser | undefined>;
  /**
   * Returns the user that the identity belongs to, or creates one that has it. Of parallel calls, only one creates a user. Never
   * links the identity to an existing user, because another person may have registered that username. For that see `link`.
   * @throws UsernameTakenError if the identity is new and the username exists
   */
  findOrCreate(identity: Identity, user: Omit<NewUser, 'passwordHash'>): Promise<StoredUser>;
  /**
   * Links the identity to a user who has proved who they are: one who is logged in, or whose username is known to be verified.
   * @returns false if the identity belongs to another user, or if there is no such user
   */
  link(userId: string, identity: Identity): Promise<boolean>;
  /** Removes the identity from that user. @returns whether the identity belonged to that user */
  unlink(userId: string, identity: Identity): Promise<boolean>;
  /** The user's identities, in no particular order. */
  listIdentities(userId: string): Promise<Identity[]>;
}

/**
 * Refuses an identity without an issuer or a subject. Otherwise all profiles that lack a subject would share one identity, and
 * with it one user.
 * @throws TypeError that names the member
 */
export function checkedIdentity({ issuer, subject }: Identity): Identity {
  for (const [name, value] of Object.entries({ issuer, subject }) as [string, unknown][]) {
    if (isKeepable(value) && value !== '' && value.length <= MAX_LENGTH) continue;
    throw new TypeError(`identity.${name} must be a text of 1 to ${MAX_LENGTH} characters`);
  }
  return { issuer, subject };
}
