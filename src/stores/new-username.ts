import { validationFailed, type AuthError } from '../errors.js';
import { withHidden } from '../utils/hidden-members.js';
import { isKeepable } from '../utils/keepable-text.js';
import {
  brokenUsernameRule,
  hasInvisibleCharacters,
  MAX_USERNAME,
  normalizeUsername,
} from '../utils/username.js';

/** As in `messages/en.ts`, which the stores don't know. */
const TEXTS = {
  notEmpty: 'must not be empty',
  tooLong: 'must be at most {count} characters long',
  noControlCharacters: 'must not contain control characters',
  noInvisibleCharacters: 'must not contain invisible characters',
  unsupportedCharacters: "must not contain characters that can't be stored here",
};

/**
 * Checks a username that a user is about to get. A name that looks like another user's, or that no login takes, may come from
 * outside, from a login provider too. So it is answered with 400.
 * @returns the name as it is stored: in Unicode form NFC, without white space around it
 * @throws AuthError VALIDATION_FAILED for an empty name, and for one with control or invisible characters or of more than 254
 * @throws TypeError for a NUL or a lone surrogate, which no database can keep
 */
export function newUsername(username: string): string {
  if (!isKeepable(username))
    throw new TypeError('newUsername(): the username must be a text without NUL and lone surrogates');
  const name = normalizeUsername(username);
  const broken =
    brokenUsernameRule(name) ?? (hasInvisibleCharacters(name) ? 'noInvisibleCharacters' : undefined);
  if (broken) throw usernameRefused(broken);
  return name;
}

/**
 * With the text of `messages/` in English, and its key for the other languages.
 * @param count how many characters a name may have, for `tooLong`
 */
export function usernameRefused(key: keyof typeof TEXTS, count = MAX_USERNAME): AuthError {
  const params = key === 'tooLong' ? { count } : {};
  const field = { path: 'username', message: TEXTS[key].replace('{count}', String(count)) };
  return validationFailed(withHidden(field, { rule: { key, params } }));
}
