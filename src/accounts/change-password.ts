import { AuthError, isAuthError, validationFailed } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import { refusedField } from '../messages/rule.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import { activeUser, type StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';
import { usernameKey } from '../utils/username.js';
import type { PasswordHasher } from './password-hasher.js';
import type { CredentialServices } from './verify-credentials.js';

export interface ChangePasswordServices extends CredentialServices {
  sessions: Pick<Sessions, 'assertTokenFits' | 'find' | 'revokeAll' | 'rotate'>;
}

/** Whose password, in which session, and where the request came from. */
export type PasswordOwner = RequestOrigin & { userId: string; sessionId: string };

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** The `Idempotency-Key`: a client that never got the answer asks /refresh with the same key for the tokens it lost. */
  attempt: string | undefined;
  transport: Transport;
}

/**
 * Changes the password, ends all other sessions and rotates this one.
 * @throws AuthError INVALID_CREDENTIALS, ACCESS_TOKEN_INVALID, VALIDATION_FAILED, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export async function changePassword(
  services: ChangePasswordServices,
  change: PasswordChange,
  owner: PasswordOwner,
): Promise<IssuedTokens> {
  try {
    const user = await replacePassword(services, change, owner);
    return await renewSessions(services, change, owner, user);
  } catch (error) {
    announceFailure(services, owner, error);
    throw error;
  }
}

type UserWithPassword = StoredUser & { passwordHash: string };

interface ReplacedPassword {
  user: UserWithPassword;
  newHash: string;
}

/** Stores the new password. Of two parallel changes one wins; for the other, the current password is no longer current. */
async function replacePassword(
  services: ChangePasswordServices,
  { currentPassword, newPassword, transport }: PasswordChange,
  owner: PasswordOwner,
): Promise<ReplacedPassword> {
  const { config, limits, passwords, sessions } = services;
  const { userId, sessionId } = owner;
  const found = activeUser(await config.users.findById(userId));
  if (!found) throw new AuthError('ACCESS_TOKEN_INVALID');
  // This rule comes here and not with the others because the username isn't known before. It comes before any hash, which takes long.
  if (usernameKey(newPassword) === usernameKey(found.username))
    throw validationFailed(refusedField('newPassword', { key: 'differFromUsername', params: {} }));
  const user = await limits.password(owner, found, () =>
    verifyCurrent(passwords, found, currentPassword, owner),
  );
  await sessions.assertTokenFits(user, sessionId, transport);
  const newHash = await passwords.hash(newPassword, owner);
  if (!(await config.users.updatePasswordHash(userId, newHash, user.passwordHash)))
    throw new AuthError('INVALID_CREDENTIALS');
  return { user, newHash };
}

/** Ends the other sessions and rotates this one. In an outage the old password comes back. */
async function renewSessions(
  services: ChangePasswordServices,
  { attempt, transport }: PasswordChange,
  owner: PasswordOwner,
  { user, newHash }: ReplacedPassword,
): Promise<IssuedTokens> {
  const { config, events, sessions } = services;
  const { userId, sessionId, ...origin } = owner;
  let takenBack = false;
  try {
    await sessions.revokeAll(userId, { except: sessionId }, 'password-changed', origin);
    const session = await sessions.find(userId, sessionId);
    if (!session) throw new AuthError('SESSION_REVOKED');
    const details = { attempt, transport, origin: () => origin };
    return (await sessions.rotate(user, sessionId, session.generation + 1, details)).issued;
  } catch (error) {
    // With half a change, a thief's session would live on, and the user would try again with a password that is gone.
    if (isAuthError(error, 'SERVICE_UNAVAILABLE'))
      takenBack = await config.users.updatePasswordHash(userId, user.passwordHash, newHash);
    throw error;
  } finally {
    if (!takenBack) events.announce('passwordChanged', () => owner);
  }
}

function announceFailure({ events }: ChangePasswordServices, owner: PasswordOwner, error: unknown): void {
  if (!isAuthError(error, 'INVALID_CREDENTIALS') && !isAuthError(error, 'ACCESS_TOKEN_INVALID')) return;
  const code = error.code as 'INVALID_CREDENTIALS' | 'ACCESS_TOKEN_INVALID';
  events.announce('passwordChangeFailed', () => ({ code, ...owner }));
}

/** @throws AuthError INVALID_CREDENTIALS */
async function verifyCurrent(
  passwords: PasswordHasher,
  user: StoredUser,
  currentPassword: string,
  owner: PasswordOwner,
): Promise<UserWithPassword> {
  const { passwordHash } = user;
  const { matches } = await passwords.verify(currentPassword, passwordHash, owner);
  if (!matches || passwordHash === null) throw new AuthError('INVALID_CREDENTIALS');
  return { ...user, passwordHash };
}
