import { AuthError, isAuthError } from '../errors.js';
import type { LoginFailureReason, RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { Requester } from '../limits/announce-locked.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import { activeUser, inactiveReason, type StoredUser, type UserStore } from '../stores/user-store.js';
import type { PasswordHasher } from './password-hasher.js';

export interface CredentialServices {
  config: { readonly users: UserStore };
  events: AuthEvents;
  limits: AttemptLimits;
  passwords: PasswordHasher;
}

interface LoginAttempt extends Pick<Requester, 'isGone'> {
  username: string;
  password: string;
  origin: RequestOrigin;
}

type Verdict =
  | { user: StoredUser }
  | { userId: string | undefined; reason: LoginFailureReason; problem?: string | undefined };

/**
 * Proves a login with username and password, within the limits on attempts.
 * @throws AuthError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export function verifyCredentials(
  services: CredentialServices,
  { username, password, origin, isGone }: LoginAttempt,
): Promise<StoredUser> {
  const requester: Requester = { ...origin, isGone };
  return services.limits.login(origin, username, async () => {
    const found = await services.config.users.findByUsername(username);
    const counted = await services.limits.foundUser(origin, username, found);
    if (!counted) {
      await services.passwords.verify(password, null, requester); // takes as long as a wrong password
      throw new AuthError('INVALID_CREDENTIALS');
    }
    const verdict = await judge(services, found, password, requester).catch((error: unknown) => {
      counted.takeBack().catch(() => undefined);
      throw error;
    });
    if ('user' in verdict) {
      await counted.succeeded();
      return verdict.user;
    }
    counted.failed?.().catch(() => undefined);
    services.events.announce('loginFailed', () => ({ username, ...verdict, ...origin }));
    throw new AuthError('INVALID_CREDENTIALS');
  });
}

async function judge(
  { config: { users }, passwords }: CredentialServices,
  found: StoredUser | undefined,
  password: string,
  requester: Requester,
): Promise<Verdict> {
  const user = activeUser(found);
  // Unknown and disabled users take as long as a wrong password does.
  const { matches, needsRehash, problem } = await passwords.verify(
    password,
    user?.passwordHash ?? null,
    requester,
  );
  if (!user) return { userId: found?.id, reason: inactiveReason(found) };
  if (problem !== undefined) return { userId: user.id, reason: 'unusable-hash', problem };
  if (!matches) return { userId: user.id, reason: 'wrong-password' };
  if (!needsRehash) return { user };

  const passwordHash = await passwords.hash(password, requester).catch(unlessQueueIsFull);
  // The password was right. Its next login replaces the hash.
  if (passwordHash === undefined) return { user };
  if (await users.updatePasswordHash(user.id, passwordHash, user.passwordHash))
    return { user: { ...user, passwordHash } };
  // Another login has rehashed the password, or the password has just been changed. What is stored now decides.
  const foundNow = await users.findById(user.id);
  const current = activeUser(foundNow);
  if (!current) return { userId: user.id, reason: inactiveReason(foundNow) };
  const verified = await passwords.verify(password, current.passwordHash, requester);
  return verified.matches ? { user: current } : { userId: user.id, reason: 'password-changed' };
}

/** @throws every other error */
function unlessQueueIsFull(error: unknown): undefined {
  if (isAuthError(error, 'TOO_MANY_ATTEMPTS') || isAuthError(error, 'SERVICE_UNAVAILABLE')) return;
  throw error;
}
