import { validationFailed } from '../errors.js';
import { hasInvisibleCharacters, normalizeUsername } from '../utils/username.js';

/**
 * A name that looks like another user's may come from outside, from a login provider too, so it is answered with 400.
 * @returns the name as it is stored
 * @throws AuthError VALIDATION_FAILED for a name with invisible characters
 */
export function newUsername(username: string): string {
  const name = normalizeUsername(username);
  if (!hasInvisibleCharacters(name)) return name;
  throw validationFailed({
    path: 'username',
    message: 'must not contain invisible characters',
    rule: { key: 'noInvisibleCharacters', params: {} },
  });
}
