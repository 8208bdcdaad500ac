import { validationFailed } from '../errors.js';
import { refusedField } from '../messages/rule.js';
import { usernameKey } from '../utils/username.js';

/**
 * The one rule for new passwords that a body's schema can't check, because the body doesn't have the username.
 * @throws AuthError VALIDATION_FAILED, which names the member `newPassword`
 */
export function assertIsNotUsername(newPassword: string, username: string): void {
  if (usernameKey(newPassword) === usernameKey(username))
    throw validationFailed(refusedField('newPassword', { key: 'differFromUsername', params: {} }));
}
