import { AuthError, isAuthError } from '../errors.js';
import type { LoginFailureReason, RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { Requester } from '../limits/requester.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import { activeUser, inactiveReason, type StoredUser, type UserStore } from '../stores/user-store.js';
import { usernameKey } from '../utils/username.js';
import type { PasswordHasher } from './password-hasher.js';

export interface CredentialServices {
  config: { readonly users: UserStore };
  events: AuthEvents;
  limits: AttemptLimits;
  passwords: PasswordHasher;
  /** The name by which a feature knows what was typed. Default: the typed one. */
  canonicalUsername?: ((typed: string) => string) | undefined;
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
  { username: typed, password, origin, isGone }: LoginAttempt,
): Promise<StoredUser> {
  const requester: Requester = { ...origin, isGone };
  const username = services.canonicalUsername?.(typed) ?? typed;
  return services.limits.login(origin, username, async () => {
    const found = await findUser(services, username, typed);
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
    services.events.announce('loginFailed', () => ({ username: typed, ...verdict, ...origin }));
    throw new AuthError('INVALID_CREDENTIALS');
  });
}

/** Users from before the feature may have the name as it is typed. */
async function findUser(
  { config: { users } }: CredentialServices,
  username: string,
  typed: string,
): Promise<StoredUser | undefined> {
  const found = await users.findByUsername(username);
  return found || usernameKey(typed) === usernameKey(username) ? found : users.findByUsername(typed);
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
