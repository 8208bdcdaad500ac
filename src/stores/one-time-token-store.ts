import { types } from 'node:util';
import { isKeepable } from './keepable-text.js';

/** A token to keep until it is taken, replaced or expired. */
export interface NewOneTimeToken {
  /** What the token is good for: `'password-reset'`. 1 to 255 characters. */
  purpose: string;
  /** Whom it is for: a user id, or the e-mail address of a registration that waits. 1 to 255 characters. */
  subject: string;
  /**
   * Tokens of one purpose and subject in different slots exist side by side, such as one for each browser. In one slot the
   * newest token replaces the one before. At most 255 characters. Default: `''`.
   */
  slot?: string | undefined;
  /**
   * SHA-256 of the token, base64url: 43 characters. The store never sees the token. The hash must be unique within its
   * purpose: make the token of 128 random bits or more. Hash a short code together with its subject.
   */
  hash: string;
  /**
   * A text that waits with the token and is given back unchanged, at most 16 kB (16,384 bytes of UTF-8). It is stored in
   * clear, so it must never hold a secret. Default: none.
   */
  data?: string | undefined;
  /** How long the token is good, in seconds: more than 0, at most 100 years. */
  expiresInSeconds: number;
  /** Holds time still in tests. Default: the clock of the store. */
  now?: Date | undefined;
}

/** A token as the store keeps it. */
export interface OneTimeToken {
  purpose: string;
  subject: string;
  /** `''` for a token that was created without one. */
  slot: string;
  hash: string;
  /** Undefined for a token that was created without data; an empty text comes back as one. */
  data: string | undefined;
  /** From this moment on the token counts as absent. Kept to the millisecond. */
  expiresAt: Date;
}

/**
 * Keeps tokens that are good once: for links in e-mails, for codes, for challenges. `oneTimeTokenStoreContract` of
 * `passport-visa/testing` proves an implementation.
 *
 * A token that is unknown, expired, replaced or already taken is `undefined`, never an error. A store that can't be reached
 * must say so within a second with `new AuthError('SERVICE_UNAVAILABLE')`. Arguments that no store can keep are a TypeError:
 * a text that is too long or contains a NUL or a lone surrogate, a hash that isn't SHA-256 in base64url, an invalid time.
 */
export interface OneTimeTokenStore {
  /** Atomically replaces the earlier token of the same purpose, subject and slot. Safe to run twice. */
  create(token: NewOneTimeToken): Promise<void>;
  /** Reads the token, and spends nothing. */
  find(
    purpose: string,
    hash: string,
    options?: { now?: Date | undefined },
  ): Promise<OneTimeToken | undefined>;
  /**
   * Reads and deletes the token, in ONE atomic operation: of any number of parallel calls, in any process, exactly one gets it.
   * After `SERVICE_UNAVAILABLE` the token may be gone, because the store may have deleted it without being able to answer.
   * Then no caller has it, and the user needs a new one.
   */
  take(
    purpose: string,
    hash: string,
    options?: { now?: Date | undefined },
  ): Promise<OneTimeToken | undefined>;
  /**
   * Ends all tokens of the subject except those of the purposes in `except`.
   * @returns how many ended that had not expired yet
   */
  removeAll(subject: string, options?: { except?: readonly string[] | undefined }): Promise<number>;
}

const MAX_LENGTH = 255;
const MAX_DATA_BYTES = 16_384;
const MAX_LIFETIME_SECONDS = 100 * 365 * 24 * 60 * 60;

/** A new token whose members every store can keep. */
export interface CheckedOneTimeToken extends Omit<OneTimeToken, 'expiresAt'> {
  lifetimeMs: number;
  now: Date | undefined;
}

/** All stores check with this function, so what one of them accepts they all accept. @throws TypeError */
export function checkedOneTimeToken(token: NewOneTimeToken): CheckedOneTimeToken {
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

/** The arguments of `find` and `take`. @throws TypeError */
export function checkLookup(purpose: string, hash: string, now: Date | undefined): void {
  checkText('purpose', purpose);
  checkHash(hash);
  checkTime(now);
}

/** The arguments of `removeAll`. A text in place of the list would be read as a list of its characters. @throws TypeError */
export function checkRemoval(subject: string, except: readonly string[]): void {
  checkText('subject', subject);
  if (!Array.isArray(except)) throw new TypeError('except must be a list of purposes');
  for (const purpose of except) checkText('except', purpose);
}

function checkText(name: string, value: unknown, least = 1): void {
  if (isKeepable(value) && value.length >= least && value.length <= MAX_LENGTH) return;
  throw new TypeError(`${name} must be a text of ${least} to ${MAX_LENGTH} characters, without NUL`);
}

function checkHash(hash: unknown): void {
  // The message doesn't show it: by mistake it may be the token itself.
  if (typeof hash !== 'string' || !/^[\w-]{43}$/.test(hash))
    throw new TypeError('hash must be a SHA-256 in base64url');
}

function checkTime(now: unknown): void {
  if (now !== undefined && !(types.isDate(now) && !Number.isNaN(now.getTime())))
    throw new TypeError('now must be a valid Date');
}
