import { validationFailed, type AuthError } from '../errors.js';
import {
  brokenUsernameRule,
  hasInvisibleCharacters,
  MAX_USERNAME,
  normalizeUsername,
} from '../utils/username.js';

/** As in `messages/en.ts`, which the stores don't know. */
const TEXTS = {
  notEmpty: 'must not be empty',
  tooLong: `must be at most ${MAX_USERNAME} characters long`,
  noControlCharacters: 'must not contain control characters',
  noInvisibleCharacters: 'must not contain invisible characters',
};

/**
 * A name that looks like another user's, or that no login takes, may come from outside, from a login provider too. So it is
 * answered with 400.
 * @returns the name as it is stored
 * @throws AuthError VALIDATION_FAILED for an empty name, and for one with control or invisible characters or with more than 254
 */
export function newUsername(username: string): string {
  const name = normalizeUsername(username);
  const broken =
    brokenUsernameRule(name) ?? (hasInvisibleCharacters(name) ? 'noInvisibleCharacters' : undefined);
  if (broken) throw refused(broken);
  return name;
}

/** With the text of `messages/` in English, and its key for the other languages. */
function refused(key: keyof typeof TEXTS): AuthError {
  const params = key === 'tooLong' ? { count: MAX_USERNAME } : {};
  return validationFailed({ path: 'username', message: TEXTS[key], rule: { key, params } });
}
