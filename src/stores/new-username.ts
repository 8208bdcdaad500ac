import { validationFailed, type AuthError } from '../errors.js';
import { isKeepable } from '../utils/keepable-text.js';
import { hasInvisibleCharacters, MAX_USERNAME, normalizeUsername } from '../utils/username.js';

/**
 * Checks a username that a user is about to get. A name that looks like another user's, or that no login takes, may come from
 * outside, from a login provider too. So it is answered with 400.
 * @returns the name as it is stored: in Unicode form NFC, without white space around it
 * @throws AuthError VALIDATION_FAILED for a name with invisible characters, or of more than 254 characters
 * @throws TypeError for a NUL or a lone surrogate, which no database can keep
 */
export function newUsername(username: string): string {
  if (!isKeepable(username))
    throw new TypeError('newUsername(): the username must be a text without NUL and lone surrogates');
  const name = normalizeUsername(username);
  if (Array.from(name).length > MAX_USERNAME)
    throw refused(`must be at most ${MAX_USERNAME} characters long`, 'tooLong', { count: MAX_USERNAME });
  if (hasInvisibleCharacters(name))
    throw refused('must not contain invisible characters', 'noInvisibleCharacters');
  return name;
}

/** With the text of `messages/` in English, and its key for the other languages. */
function refused(message: string, key: string, params: Record<string, number> = {}): AuthError {
  return validationFailed({ path: 'username', message, rule: { key, params } });
}
