import { validationFailed, type AuthError } from '../errors.js';
import { hasInvisibleCharacters, MAX_USERNAME, normalizeUsername } from '../utils/username.js';

/**
 * A name that looks like another user's, or that no login takes, may come from outside, from a login provider too. So it is
 * answered with 400.
 * @returns the name as it is stored
 * @throws AuthError VALIDATION_FAILED for a name with invisible characters, or with more than 254
 */
export function newUsername(username: string): string {
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
