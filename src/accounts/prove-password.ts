import { AuthError } from '../errors.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import type { Requester } from '../limits/requester.js';
import type { StoredUser } from '../stores/user-store.js';
import type { PasswordHasher } from './password-hasher.js';

export type UserWithPassword = StoredUser & { passwordHash: string };

/**
 * Proves the password of a user who is logged in, within the limits on attempts.
 * @throws AuthError INVALID_CREDENTIALS, also for a user without a password, in the same time; TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export function provePassword(
  { limits, passwords }: { readonly limits: AttemptLimits; readonly passwords: PasswordHasher },
  user: StoredUser,
  password: string,
  requester: Requester & { userId: string },
): Promise<UserWithPassword> {
  return limits.password(requester, user, async () => {
    const { passwordHash } = user;
    const { matches } = await passwords.verify(password, passwordHash, requester);
    if (!matches || passwordHash === null) throw new AuthError('INVALID_CREDENTIALS');
    return { ...user, passwordHash };
  });
}
