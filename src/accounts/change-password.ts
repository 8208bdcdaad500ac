import { AuthError, isAuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { Requester } from '../limits/requester.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Session } from '../stores/refresh-token-store.js';
import { afterChange, isMarked, withMark, withoutMark } from '../stores/unfinished-change.js';
import type { Transport } from '../tokens/transport.js';
import { assertIsNotUsername } from './new-password.js';
import { provePassword, type UserWithPassword } from './prove-password.js';
import type { CredentialServices } from './verify-credentials.js';

export interface ChangePasswordServices extends CredentialServices {
  sessions: Pick<Sessions, 'amrAfter' | 'assertTokenFits' | 'find' | 'startOver' | 'startedOver' | 'repeat'>;
}

/** Whose password, in which session, and where the request came from. */
export type PasswordOwner = RequestOrigin & { userId: string; sessionId: string };

export interface PasswordChange {
  currentPassword: string;
  newPassword: string;
  /** The `Idempotency-Key`: a client that never got the answer sends the same request again for the tokens it lost. */
  attempt: string | undefined;
  transport: Transport;
  isGone?: Requester['isGone'];
}

/**
 * Changes the password, ends every session of the user and goes on in a new one.
 * @throws AuthError INVALID_CREDENTIALS, ACCESS_TOKEN_INVALID, SESSION_REVOKED, VALIDATION_FAILED, TOO_MANY_ATTEMPTS,
 * SERVICE_UNAVAILABLE
 */
export async function changePassword(
  services: ChangePasswordServices,
  change: PasswordChange,
  owner: PasswordOwner,
): Promise<IssuedTokens> {
  try {
    const replaced = await replacePassword(services, change, owner);
    return await startOver(services, change, owner, replaced);
  } catch (error) {
    announceFailure(services, owner, error);
    throw error;
  }
}

/** A change that this request has made before: its answer got lost. */
export interface RepeatedChange {
  /** @returns the tokens of that answer; undefined unless the new password is the one that was set */
  tokens: (newPassword: string, transport: Transport) => Promise<IssuedTokens | undefined>;
}

/**
 * Finds what the same request has changed already. The session it came from has ended then, so no guard lets it pass: what
 * proves it is that session's access token together with the `Idempotency-Key` and the new password.
 * @returns undefined without such a change, or when its answer is older than the reuse window or was used
 */
export async function repeatedChange(
  services: ChangePasswordServices,
  attempt: string,
  owner: PasswordOwner,
): Promise<RepeatedChange | undefined> {
  const { config, sessions } = services;
  const { userId, sessionId, ...origin } = owner;
  // The first of two such requests may still be at it.
  const user = await afterChange(config.users, await config.users.findById(userId));
  if (!user || user.passwordHash === null) return undefined;
  const request = { sessionId, attempt, change: withoutMark(user.passwordHash) };
  const next = await sessions.startedOver(userId, request);
  if (!next) return undefined;
  return {
    async tokens(newPassword, transport) {
      if (!(await unlessWrong(provePassword(services, user, newPassword, owner)))) return undefined;
      return sessions.repeat(user, next, request, { reason: 'password-changed', origin, transport });
    },
  };
}

interface ReplacedPassword {
  /** With the new hash, marked: all sessions have yet to end. */
  user: UserWithPassword;
  /** The hash before. Undefined where another request has replaced it, so this one takes nothing back. */
  previousHash: string | undefined;
  /** The session that the request came from. */
  session: Session;
  /** Of the session that begins. A password proves no second factor again. Where it isn't known how the user has logged in, it stays unknown. */
  amr: readonly string[] | undefined;
}

/** Stores the new password. Of two parallel changes one wins; for the other, the current password is no longer current. */
async function replacePassword(
  services: ChangePasswordServices,
  change: PasswordChange,
  owner: PasswordOwner,
): Promise<ReplacedPassword> {
  const { config, passwords, sessions } = services;
  const { currentPassword, newPassword, transport, isGone } = change;
  const { userId, sessionId } = owner;
  const requester = { ...owner, isGone };
  const found = await afterChange(config.users, await config.users.findById(userId));
  if (!found) throw new AuthError('ACCESS_TOKEN_INVALID');
  assertIsNotUsername(newPassword, found.username); // before any hash, which takes long
  const verify = (password: string) => provePassword(services, found, password, requester);
  // The process of an earlier change was killed before all sessions had ended. The same request again finishes it.
  const finished = isMarked(found.passwordHash) ? await unlessWrong(verify(newPassword)) : undefined;
  const user = finished ?? (await verify(currentPassword));
  const session = await sessions.find(userId, sessionId);
  if (!session) throw new AuthError('SESSION_REVOKED');
  await sessions.assertTokenFits(user, sessionId, transport);
  // Before anything has changed: an outage here leaves nothing behind.
  const amr = session.amr && (await sessions.amrAfter(['pwd'], session));
  if (finished) return { user, previousHash: undefined, session, amr };
  const newHash = withMark(await passwords.hash(newPassword, requester));
  if (!(await config.users.updatePasswordHash(userId, newHash, user.passwordHash)))
    throw new AuthError('INVALID_CREDENTIALS');
  return { user: { ...user, passwordHash: newHash }, previousHash: user.passwordHash, session, amr };
}

/** Ends all sessions and begins a new one. In an outage the old password comes back. */
async function startOver(
  { config, events, sessions }: ChangePasswordServices,
  { attempt, transport }: PasswordChange,
  owner: PasswordOwner,
  { user, previousHash, session, amr }: ReplacedPassword,
): Promise<IssuedTokens> {
  const { userId, sessionId: _ended, ...origin } = owner;
  let takenBack = false;
  let issued: IssuedTokens | undefined;
  // With half a change, a thief's session would live on, and the user would try again with a password that is gone.
  const takeBack =
    previousHash === undefined
      ? undefined
      : async () =>
          (takenBack = await config.users.updatePasswordHash(userId, previousHash, user.passwordHash));
  try {
    const details = {
      reason: 'password-changed',
      // The killed process may have stored the session that the key names.
      attempt: previousHash === undefined ? undefined : attempt,
      change: withoutMark(user.passwordHash),
      origin,
      transport,
      proof: { amr },
      takeBack,
    } as const;
    return (issued = await sessions.startOver(user, session, details));
  } finally {
    if (!takenBack)
      events.announce('passwordChanged', () => ({ ...owner, nextSessionId: issued?.session.sessionId }));
  }
}

function announceFailure({ events }: ChangePasswordServices, owner: PasswordOwner, error: unknown): void {
  if (!isAuthError(error, 'INVALID_CREDENTIALS') && !isAuthError(error, 'ACCESS_TOKEN_INVALID')) return;
  const code = error.code as 'INVALID_CREDENTIALS' | 'ACCESS_TOKEN_INVALID';
  events.announce('passwordChangeFailed', () => ({ code, ...owner }));
}

/** Undefined for a wrong password. @throws every other error */
async function unlessWrong<T>(verified: Promise<T>): Promise<T | undefined> {
  try {
    return await verified;
  } catch (error) {
    if (isAuthError(error, 'INVALID_CREDENTIALS')) return undefined;
    throw error;
  }
}
