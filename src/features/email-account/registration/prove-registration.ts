import { AuthError, isAuthError } from '../../../errors.js';
import type { RequestOrigin } from '../../../events/auth-event.js';
import { isBrowser } from '../../../http/is-browser.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { createUser } from '../free-address.js';
import type { EmailAsker } from '../mail-requests.js';
import { tokenRefused, type EmailServices } from '../services.js';
import type { WaitingRegistration } from './waiting-registrations.js';

/**
 * Makes the account of a registration whose address has just been proved.
 * @throws AuthError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, ONE_TIME_TOKEN_INVALID, SERVICE_UNAVAILABLE
 */
export async function proveRegistration(
  services: EmailServices,
  registration: WaitingRegistration,
  password: string | undefined,
  { origin, secrets }: Pick<EmailAsker, 'origin' | 'secrets'>,
): Promise<StoredUser> {
  if (!isBrowser(secrets, registration.browser))
    await provePassword(services, registration, password, origin);
  const user = await createAccount(services, registration, origin);
  await services.proofs.prove(user);
  return user;
}

/** Fails as a login with a wrong password does, also without a password. Counts as a login by that name. */
function provePassword(
  { events, limits, passwords }: EmailServices,
  { address, passwordHash }: WaitingRegistration,
  password: string | undefined,
  origin: RequestOrigin,
): Promise<void> {
  return limits.login(origin, address, async () => {
    const { matches } = await passwords.verify(password ?? '', passwordHash, origin);
    if (matches && password !== undefined) return;
    events.announce('loginFailed', () => ({
      username: address,
      userId: undefined,
      reason: 'wrong-password',
      ...origin,
    }));
    throw new AuthError('INVALID_CREDENTIALS');
  });
}

/** @returns the new user, or the one that the same registration has made before. Its hash shows that: no two hashes have the same salt */
async function createAccount(
  services: EmailServices,
  { address, passwordHash }: WaitingRegistration,
  origin: RequestOrigin,
): Promise<StoredUser> {
  const { config, events } = services;
  try {
    const user = await createUser(services, { username: address, passwordHash });
    events.announce('registered', () => ({ userId: user.id, username: user.username, ...origin }));
    return user;
  } catch (error) {
    if (!isAuthError(error, 'USERNAME_TAKEN')) throw error;
    const user = activeUser(await config.users.findByUsername(address));
    if (user?.passwordHash === passwordHash) return user;
    throw tokenRefused(services, 'email-verification', origin);
  }
}
