import { isKeepable } from './keepable-text.js';

/** Something that a user has or has proved, and that lasts: a passkey, a TOTP secret, a trusted device, a verified address. */
export interface NewCredential {
  /** The user that it belongs to. */
  userId: string;
  /** What it is: `'totp'`, `'passkey'`. 1 to 64 characters of `a-z`, `0-9` and `-`. */
  kind: string;
  /** Unique within its kind over all users, such as the credential id of a passkey. 1 to 1024 characters. */
  id: string;
  /**
   * A text of the feature's own, at most 16,384 bytes in UTF-8. The store keeps it exactly and never reads it. Seal or hash what is
   * secret: anyone who reads the database reads this.
   */
  data: string;
}

/** A credential as the store keeps it. */
export interface Credential extends NewCredential {
  /** When it was added, by the clock of the store. A new `data` doesn't change it. */
  createdAt: Date;
}

/** Which credentials `removeAll` removes. Default: all of the user's. */
export interface RemoveCredentialsOptions {
  /** Only those of these kinds; none at all when the list is empty. Default: every kind. */
  kinds?: readonly string[] | undefined;
  /** Credentials with these ids stay, whatever their kind. Default: none. */
  except?: readonly string[] | undefined;
}

/**
 * Where features keep the credentials of users. `credentialStoreContract` of `passport-visa/testing` proves an implementation.
 *
 * - When a user is deleted, their credentials are deleted in the same operation.
 * - What is returned is a copy.
 * - Every method rejects with a TypeError that names the member when an argument breaks the rules of `NewCredential`, or has a NUL or
 *   a lone surrogate, which PostgreSQL can't keep.
 * - A store that can't be reached must say so within a second with `new AuthError('SERVICE_UNAVAILABLE')`. The change may have been
 *   made all the same: look before you make it again.
 */
export interface CredentialStore {
  /** The user's credentials of that kind, or of every kind without one; oldest first. */
  list(userId: string, kind?: string): Promise<Credential[]>;
  /** Tells whose credential it is, for logins without a username. Undefined when no user has it. */
  find(kind: string, id: string): Promise<Credential | undefined>;
  /**
   * Of parallel calls for one kind and id, one is true.
   * @returns false, and changes nothing, when the kind has that id already, for this user or another, or there is no such user
   */
  add(credential: NewCredential): Promise<boolean>;
  /**
   * Compare-and-set, for counters, last used steps and lists of codes: replaces the data only while it is still `previous.data`, byte
   * for byte. Of parallel calls with the same `previous`, one is true, as long as each brings data that differs from it.
   * @param previous what `list` or `find` returned; its `createdAt` isn't compared
   * @returns false, and changes nothing, when this user has no such credential or its data is another
   */
  replace(previous: NewCredential, data: string): Promise<boolean>;
  /** Of parallel calls, one is true. @returns whether this user had the credential */
  remove(userId: string, kind: string, id: string): Promise<boolean>;
  /** One atomic operation. @returns how many it removed */
  removeAll(userId: string, options?: RemoveCredentialsOptions): Promise<number>;
}

const MAX_USER_ID_LENGTH = 255;
const MAX_ID_LENGTH = 1024;
const MAX_DATA_BYTES = 16 * 1024;

const WHOLE = 'without NUL and lone surrogates';

const hasLength = (text: string, most: number) => text !== '' && text.length <= most;

interface Rule {
  readonly text: string;
  isKept(value: string): boolean;
}

const RULES: Readonly<Record<keyof NewCredential, Rule>> = {
  userId: {
    text: `a text of 1 to ${MAX_USER_ID_LENGTH} characters, ${WHOLE}`,
    isKept: (value) => hasLength(value, MAX_USER_ID_LENGTH),
  },
  kind: {
    text: '1 to 64 characters of a-z, 0-9 and -',
    isKept: (value) => /^[a-z0-9-]{1,64}$/.test(value),
  },
  id: {
    text: `a text of 1 to ${MAX_ID_LENGTH} characters, ${WHOLE}`,
    isKept: (value) => hasLength(value, MAX_ID_LENGTH),
  },
  data: {
    text: `a text of at most ${MAX_DATA_BYTES} bytes in UTF-8, ${WHOLE}`,
    isKept: (value) => Buffer.byteLength(value) <= MAX_DATA_BYTES,
  },
};

/**
 * The arguments of a call, checked by the rules that hold for every store. `undefined` is a mistake too: leave out what isn't given.
 * @throws TypeError that names the member
 */
export function checkedCredential<T extends Partial<NewCredential>>(members: T): T {
  for (const [name, value] of Object.entries(members) as [keyof NewCredential, unknown][]) {
    const rule = RULES[name];
    if (isKeepable(value) && rule.isKept(value)) continue;
    throw new TypeError(`credential.${name} must be ${rule.text}`);
  }
  return members;
}

/** @throws TypeError that names the option or the member */
export function checkedRemoval({ kinds, except = [] }: RemoveCredentialsOptions = {}) {
  for (const [name, list] of Object.entries({ kinds, except }) as [string, unknown][]) {
    if (list !== undefined && !Array.isArray(list)) throw new TypeError(`options.${name} must be a list`);
  }
  for (const kind of kinds ?? []) checkedCredential({ kind });
  for (const id of except) checkedCredential({ id });
  return { kinds, except };
}
