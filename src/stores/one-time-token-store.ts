import { types } from 'node:util';
import { MAX_LIFETIME_SECONDS } from '../utils/duration.js';
import { checkNames } from '../utils/parse-call.js';
import { isKeepable } from '../utils/keepable-text.js';

/** A token to keep until it is taken, replaced or expired. */
export interface NewOneTimeToken {
  /** What the token is good for: `'password-reset'`. 1 to 255 characters. */
  purpose: string;
  /** Whom it is for: a user id, or the e-mail address of a registration that isn't finished. 1 to 255 characters. */
  subject: string;
  /**
   * Lets tokens of one purpose and subject exist side by side, such as one for each browser. Within a slot a new token replaces
   * the one before. At most 255 characters. Default: `''`.
   */
  slot?: string | undefined;
  /**
   * SHA-256 of the token in base64url: 43 characters. The store never sees the token. The hash must be unique within its
   * purpose, so make the token of at least 128 random bits, and hash a short code together with its subject.
   */
  hash: string;
  /**
   * A text that is kept with the token and returned unchanged, at most 16 kB (16,384 bytes of UTF-8). It is stored as plain
   * text: seal or hash what is secret. Default: none.
   */
  data?: string | undefined;
  /** How long the token is valid, in seconds: more than 0, at most 100 years. */
  expiresInSeconds: number;
  /** Holds time still in tests. Default: the clock of the store. */
  now?: Date | undefined;
}

/** A token as the store keeps it. */
export interface OneTimeToken {
  purpose: string;
  subject: string;
  /** `''` if the token was created without a slot. */
  slot: string;
  hash: string;
  /** Undefined if the token was created without data; an empty text stays an empty text. */
  data: string | undefined;
  /** From this moment on the token counts as absent. Precise to the millisecond. */
  expiresAt: Date;
}

/**
 * Keeps tokens that can be used once: for links in e-mails, codes and challenges. `oneTimeTokenStoreContract` of
 * `passport-visa/testing` proves an implementation.
 *
 * For a token that is unknown, expired, replaced or already taken, the answer is `undefined`, never an error. A store that can't
 * be reached must throw `new AuthError('SERVICE_UNAVAILABLE')` within a second. Every method rejects with a TypeError if no store
 * could keep an argument: a text that is too long or contains a NUL or a lone surrogate, a hash that isn't SHA-256 in base64url,
 * or an invalid time.
 */
export interface OneTimeTokenStore {
  /** Atomically replaces the earlier token of the same purpose, subject and slot. Safe to run twice. */
  create(token: NewOneTimeToken): Promise<void>;
  /** Reads the token without using it up. */
  find(
    purpose: string,
    hash: string,
    options?: { now?: Date | undefined },
  ): Promise<OneTimeToken | undefined>;
  /**
   * Reads and deletes the token, in ONE atomic operation: of any number of parallel calls, in any process, exactly one gets it.
   * After `SERVICE_UNAVAILABLE` the token may be gone, because the store may have deleted it before the answer got lost. In that
   * case no caller has the token, and the user needs a new one.
   */
  take(
    purpose: string,
    hash: string,
    options?: { now?: Date | undefined },
  ): Promise<OneTimeToken | undefined>;
  /**
   * Deletes all tokens of the subject except those whose purpose is in `except`.
   * @returns how many of the deleted tokens had not expired yet
   */
  removeAll(subject: string, options?: { except?: readonly string[] | undefined }): Promise<number>;
}

const MEMBERS = ['purpose', 'subject', 'slot', 'hash', 'data', 'expiresInSeconds', 'now'];
const MAX_LENGTH = 255;
const MAX_DATA_BYTES = 16_384;

/** A new token whose members every store can keep. */
export interface CheckedOneTimeToken extends Omit<OneTimeToken, 'expiresAt'> {
  lifetimeMs: number;
  now: Date | undefined;
}

/** Checks a new token. All stores of this package use it, so they accept the same tokens. @throws TypeError */
export function checkedOneTimeToken(token: NewOneTimeToken): CheckedOneTimeToken {
  checkNames('oneTimeTokens.create()', MEMBERS, token);
  const { purpose, subject, slot = '', hash, data, expiresInSeconds, now } = token;
  checkText('purpose', purpose);
  checkText('subject', subject);
  checkText('slot', slot, 0);
  checkHash(hash);
  if (data !== undefined && !(isKeepable(data) && Buffer.byteLength(data) <= MAX_DATA_BYTES))
    throw new TypeError(`data must be a text of at most ${MAX_DATA_BYTES} bytes, without NUL`);
  if (!(
    typeof expiresInSeconds === 'number' &&
    expiresInSeconds > 0 &&
    expiresInSeconds <= MAX_LIFETIME_SECONDS
  ))
    throw new TypeError('expiresInSeconds must be a number above 0, and at most 100 years');
  checkTime(now);
  return { purpose, subject, slot, hash, data, lifetimeMs: Math.ceil(expiresInSeconds * 1000), now };
}

/** Checks the arguments of `find` and `take`. @throws TypeError */
export function checkLookup(purpose: string, hash: string, now: Date | undefined): void {
  checkText('purpose', purpose);
  checkHash(hash);
  checkTime(now);
}

/**
 * Checks the arguments of `removeAll`. A text in place of the list would be read as a list of its characters.
 * @throws TypeError
 */
export function checkRemoval(subject: string, except: readonly string[]): void {
  checkText('subject', subject);
  if (!Array.isArray(except)) throw new TypeError('except must be a list of purposes');
  for (const purpose of except) checkText('except', purpose);
}

function checkText(name: string, value: unknown, minLength = 1): void {
  if (isKeepable(value) && value.length >= minLength && value.length <= MAX_LENGTH) return;
  throw new TypeError(`${name} must be a text of ${minLength} to ${MAX_LENGTH} characters, without NUL`);
}

function checkHash(hash: unknown): void {
  // The message doesn't quote the value, which may be the token itself by mistake.
  if (typeof hash !== 'string' || !/^[\w-]{43}$/.test(hash))
    throw new TypeError('hash must be a SHA-256 in base64url');
}

function checkTime(now: unknown): void {
  if (now !== undefined && !(types.isDate(now) && !Number.isNaN(now.getTime())))
    throw new TypeError('now must be a valid Date');
}
