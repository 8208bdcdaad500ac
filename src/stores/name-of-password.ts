import { digestOf } from '../utils/digest.js';
import { withoutMark } from './unfinished-change.js';
import type { StoredUser } from './user-store.js';

/**
 * Names the password that a user has now, for what a new password ends: a token that was made before names another one. The hash has a
 * salt, so no two passwords have the same name.
 */
export function nameOfPassword({ passwordHash }: Pick<StoredUser, 'passwordHash'>): string {
  return passwordHash === null ? '' : digestOf(withoutMark(passwordHash));
}
