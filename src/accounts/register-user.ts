import { isAuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { Requester } from '../limits/requester.js';
import type { StoredUser } from '../stores/user-store.js';
import type { PasswordHasher } from './password-hasher.js';

export interface RegisterUserServices {
  readonly events: AuthEvents;
  readonly passwords: PasswordHasher;
  /** @throws AuthError USERNAME_TAKEN */
  readonly create: (user: { username: string; passwordHash: string }) => Promise<StoredUser>;
}

/**
 * Creates a user, whose password is hashed before.
 * @throws AuthError USERNAME_TAKEN, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export async function registerUser(
  { events, passwords, create }: RegisterUserServices,
  { username, password }: { readonly username: string; readonly password: string },
  { isGone, ...origin }: RequestOrigin & Pick<Requester, 'isGone'>,
): Promise<StoredUser> {
  const passwordHash = await passwords.hash(password, { ...origin, isGone });
  const user = await create({ username, passwordHash }).catch((error: unknown) => {
    if (isAuthError(error, 'USERNAME_TAKEN'))
      events.announce('registerFailed', () => ({ username, code: 'USERNAME_TAKEN', ...origin }));
    throw error;
  });
  events.announce('registered', () => ({ userId: user.id, username: user.username, ...origin }));
  return user;
}
