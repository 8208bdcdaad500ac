import { nameOfPassword } from '../stores/name-of-password.js';
import type { StoredUser } from '../stores/user-store.js';
import { digestOf } from '../utils/digest.js';

/**
 * Names who begins an enrolment: a session, and the password that its user has then. Another session, and a new password, have another
 * name, so neither finishes it.
 */
export function nameOfEnroller(user: StoredUser, sessionId: string): string {
  return digestOf(`${digestOf(sessionId)}\n${nameOfPassword(user)}`);
}
