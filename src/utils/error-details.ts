import type { FieldError } from './field-error.js';
import { kindOf } from './option-words.js';

/** What an AuthError may say beyond its code. */
export interface AuthErrorDetails {
  /** The fields that were refused; sent with `VALIDATION_FAILED`. */
  errors?: readonly FieldError[];
  /** Replaces the status of the code; `SESSION_NOT_FOUND` is 404 where an id was asked for, else 401. */
  status?: number;
  /** Seconds, sent as `Retry-After`. Default: 2 for `SERVICE_UNAVAILABLE`, else none. */
  retryAfterSeconds?: number;
  /** Seconds since the login that would be young enough, sent as `max_age` (RFC 9470 §3). */
  maxAgeSeconds?: number;
  /** The proofs of which one would do, by the names of RFC 8176; sent as `acr_values` (RFC 9470 §3). */
  acrValues?: readonly string[];
  /** The kinds of second factor that the user has and the server takes; sent with `SECOND_FACTOR_REQUIRED`. */
  factors?: readonly string[];
  /** Proves the first step of a login without cookies; sent with `SECOND_FACTOR_REQUIRED`. */
  challenge?: string;
  /** A more exact text than that of the code: its key in `messages/`, and its English. */
  text?: { key: string; english: string };
  /** What went wrong underneath; for logs, never sent. */
  cause?: unknown;
}

/** What a challenge can quote without an escape: RFC 6749 §3.3, of which RFC 9470 §3 takes the form. */
export const ACR_VALUE = /^[!#-[\]-~]+$/;

/** What each detail of an AuthError must be, in words, and whether it is. JavaScript has no types, so apps hand over other things too. */
const ERROR_DETAILS = {
  errors: [
    'a list of { path, message }',
    (value: unknown) => Array.isArray(value) && value.every((each) => areTexts(each, ['path', 'message'])),
  ],
  status: [
    'a whole number from 400 to 599',
    (value: unknown) => isWhole(value) && value >= 400 && value <= 599,
  ],
  retryAfterSeconds: ['a whole number of seconds', isWhole],
  maxAgeSeconds: ['a whole number of seconds', isWhole],
  acrValues: [
    'a list of visible ASCII texts without spaces, quotes and backslashes',
    (value: unknown) => Array.isArray(value) && value.every((each) => isText(each) && ACR_VALUE.test(each)),
  ],
  factors: ['a list of texts', (value: unknown) => Array.isArray(value) && value.every(isText)],
  challenge: ['a text', isText],
  text: ['{ key, english }, two texts', (value: unknown) => areTexts(value, ['key', 'english'])],
  cause: ['anything', () => true],
} as const satisfies Readonly<Record<string, readonly [words: string, isRight: (value: unknown) => boolean]>>;

/**
 * Checks the details of an AuthError.
 * @throws TypeError for a detail that doesn't exist, and for a detail of another type
 */
export function assertDetails(code: string, details: unknown): void {
  if (typeof details !== 'object' || details === null || details instanceof Error || Array.isArray(details))
    throw new TypeError(
      `The details of an AuthError are an object, as in new AuthError('${code}', { cause: error }). Its text is that of the code, which the option messages changes`,
    );
  for (const name in details) {
    if (!isDetail(name)) {
      const known = Object.keys(ERROR_DETAILS).join(', ');
      throw new TypeError(`Unknown detail ${name} of an AuthError: known are ${known}`);
    }
    const [words, isRight] = ERROR_DETAILS[name];
    const value = (details as Partial<Record<string, unknown>>)[name];
    if (value !== undefined && !isRight(value))
      throw new TypeError(`The detail ${name} of an AuthError must be ${words}, not ${kindOf(value)}`);
  }
}

function isDetail(name: string): name is keyof typeof ERROR_DETAILS {
  return Object.hasOwn(ERROR_DETAILS, name);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areTexts(value: unknown, members: readonly string[]): boolean {
  const object = (value ?? {}) as Readonly<Record<string, unknown>>;
  return members.every((member) => isText(object[member]));
}
