import { checkNames } from '../utils/parse-call.js';
import { isKeepable } from '../utils/keepable-text.js';
import { MAX_USER_ID_LENGTH } from './max-user-id-length.js';

/** Something that a user has or has proved, and that lasts: a passkey, a TOTP secret, a trusted device or a verified address. */
export interface NewCredential {
  /** The user that it belongs to. */
  userId: string;
  /** What it is, such as `'totp'` or `'passkey'`. 1 to 64 characters of `a-z`, `0-9` and `-`. */
  kind: string;
  /** Unique within its kind over all users, such as the credential id of a passkey. 1 to 1024 characters. */
  id: string;
  /**
   * A text that only the feature understands, at most 16,384 bytes in UTF-8. The store keeps it unchanged. Seal or hash what is
   * secret: anyone who can read the database can read this.
   */
  data: string;
}

/** A credential as the store keeps it. */
export interface Credential extends NewCredential {
  /** When it was added, by the clock of the store. Replacing `data` doesn't change it. */
  createdAt: Date;
}

/** Which credentials `removeAll` removes. Default: all of the user's. */
export interface RemoveCredentialsOptions {
  /** Removes only these kinds; an empty list removes nothing. Default: every kind. */
  kinds?: readonly string[] | undefined;
  /** Keeps the credentials with these ids, whatever their kind. Default: keeps none. */
  except?: readonly string[] | undefined;
}

/**
 * Where features keep the credentials of users. `credentialStoreContract` of `passport-visa/testing` proves an implementation.
 *
 * - Deleting a user deletes their credentials in the same operation.
 * - Every method returns copies.
 * - Every method rejects with a TypeError that names the member if an argument breaks the rules of `NewCredential`, or contains a
 *   NUL or a lone surrogate, which PostgreSQL can't keep.
 * - A store that can't be reached must throw `new AuthError('SERVICE_UNAVAILABLE')` within a second. The change may have been
 *   made nevertheless, or may be made when the connection is back: look before you repeat it.
 */
export interface CredentialStore {
  /**
   * The user's credentials of that kind, oldest first, as they are at one moment: what `removeAll` removes is all in it, or none is.
   * Default of `kind`: every kind.
   */
  list(userId: string, kind?: string): Promise<Credential[]>;
  /** Finds a credential without its user, for logins without a username. Undefined if no user has it. */
  find(kind: string, id: string): Promise<Credential | undefined>;
  /**
   * Adds a credential. Of parallel calls for one kind and id, only one returns true.
   * @returns false, and changes nothing, if this kind already has the id, for this user or another, or if there is no such user
   */
  add(credential: NewCredential): Promise<boolean>;
  /**
   * Compare-and-set, for counters, last used steps and lists of codes: replaces the data only if it is still `previous.data`,
   * byte for byte. Of parallel calls with the same `previous`, only one returns true, as long as each brings data that differs
   * from it.
   * @param previous what `list` or `find` returned; its `createdAt` isn't compared
   * @returns false, and changes nothing, if this user has no such credential or its data has changed
   */
  replace(previous: NewCredential, data: string): Promise<boolean>;
  /** Of parallel calls, only one returns true. @returns whether this user had the credential */
  remove(userId: string, kind: string, id: string): Promise<boolean>;
  /** Removes the user's credentials, in one atomic operation. @returns how many it removed */
  removeAll(userId: string, options?: RemoveCredentialsOptions): Promise<number>;
}

const MAX_ID_LENGTH = 1024;
const MAX_DATA_BYTES = 16 * 1024;

const WELL_FORMED = 'without NUL and lone surrogates';

const hasLength = (text: string, maxLength: number) => text !== '' && text.length <= maxLength;

interface Rule {
  /** What the error says that the value must be. */
  readonly text: string;
  isMet(value: string): boolean;
}

const RULES: Readonly<Record<keyof NewCredential, Rule>> = {
  userId: {
    text: `a text of 1 to ${MAX_USER_ID_LENGTH} characters, ${WELL_FORMED}`,
    isMet: (value) => hasLength(value, MAX_USER_ID_LENGTH),
  },
  kind: {
    text: '1 to 64 characters of a-z, 0-9 and -',
    isMet: (value) => /^[a-z0-9-]{1,64}$/.test(value),
  },
  id: {
    text: `a text of 1 to ${MAX_ID_LENGTH} characters, ${WELL_FORMED}`,
    isMet: (value) => hasLength(value, MAX_ID_LENGTH),
  },
  data: {
    text: `a text of at most ${MAX_DATA_BYTES} bytes in UTF-8, ${WELL_FORMED}`,
    isMet: (value) => Buffer.byteLength(value) <= MAX_DATA_BYTES,
  },
};

/**
 * Checks the arguments of a call and returns them. The rules are the same for every store. A member that is present but undefined
 * is refused too: leave out what isn't given.
 * @throws TypeError that names the member
 */
export function checkedCredential<T extends Partial<NewCredential>>(members: T): T {
  for (const [name, value] of Object.entries(members) as [keyof NewCredential, unknown][]) {
    const rule = RULES[name];
    if (isKeepable(value) && rule.isMet(value)) continue;
    throw new TypeError(`credential.${name} must be ${rule.text}`);
  }
  return members;
}

/** Checks the options of `removeAll` and fills in their defaults. @throws TypeError that names the option or the member */
export function checkedRemoval(options: RemoveCredentialsOptions = {}) {
  checkNames('credentials.removeAll()', ['kinds', 'except'], options);
  const { kinds, except = [] } = options;
  for (const [name, list] of Object.entries({ kinds, except }) as [string, unknown][]) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError(`options.${name} must be a list`);
  }
  for (const kind of kinds ?? []) checkedCredential({ kind });
  for (const id of except) checkedCredential({ id });
  return { kinds, except };
}
