import type { RequestHandler } from 'express';
import { AuthError, isAuthError, refusedField, validationFailed } from '../errors.js';
import type { RequestOrigin } from '../events/auth-events.js';
import { originOf } from '../http/request-origin.js';
import { extractAccessToken } from '../http/authenticate-request.js';
import type { Services } from './services.js';
import type { IssuedTokens } from '../sessions/sessions.js';
import type { StoredUser } from '../stores/user-store.js';
import { usernameKey } from '../utils/username.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest, Transport } from '../http/body-schemas.js';
import { idempotencyKey } from '../http/idempotency-key.js';
import { deliverTokens } from '../http/token-response.js';

/** Whose password, in which session, and where the request came from. */
type Who = RequestOrigin & { userId: string; sessionId: string };

/** `attempt`: a client that never gets the answer asks /refresh with the same key for the tokens that it lost. */
type Change = BodyRequest<'password'>['body'] & { attempt: string | undefined; transport: Transport };

/** Changes the password, ends all other sessions and rotates this one. */
export function createPassword(services: Services): RequestHandler {
  const { config, textsFor } = services;

  return async function password(req: BodyRequest<'password'>, res: AnswerResponse<'password'>) {
    const { id, sessionId } = req.user as Express.User;
    const who = { userId: id, sessionId, ...originOf(req) };
    const attempt = idempotencyKey(req);
    const cameBy = extractAccessToken(req, config.cookies.accessName)?.from;
    const transport = cameBy === 'header' ? 'body' : 'cookie';
    const change = { ...req.body, attempt, transport } as const;
    const issued = await changePassword(services, change, who).catch((error: unknown) => {
      announceFailure(services, who, error);
      throw error;
    });
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: textsFor(req, res).passwordChanged, ...tokens });
  };
}

async function changePassword(
  services: Services,
  { currentPassword, newPassword, attempt, transport }: Change,
  who: Who,
): Promise<IssuedTokens> {
  const { config, events, limits, passwords, sessions } = services;
  const { userId, sessionId } = who;
  const user = await limits.password(who, () => verifyCurrent(services, userId, currentPassword));
  // Here and not with the other rules: only now it is known who asks.
  if (usernameKey(newPassword) === usernameKey(user.username))
    throw validationFailed(refusedField('newPassword', { key: 'differFromUsername', params: {} }));
  await sessions.assertRoom(user, sessionId, transport);
  const newHash = await passwords.hash(newPassword);
  // Compare-and-set: of two parallel changes one wins, and the other's current password is no longer current.
  if (!(await config.users.updatePasswordHash(userId, newHash, user.passwordHash))) {
    throw new AuthError('INVALID_CREDENTIALS');
  }
  let takenBack = false;
  try {
    return await renewSessions(services, who, user, { attempt, transport });
  } catch (error) {
    // Not half a change: a thief's session would live on, and whoever tries again no longer knows the password.
    if (isAuthError(error, 'SERVICE_UNAVAILABLE'))
      takenBack = await config.users.updatePasswordHash(userId, user.passwordHash, newHash);
    throw error;
  } finally {
    if (!takenBack) events.announce('passwordChanged', () => who);
  }
}

async function renewSessions(
  { sessions }: Services,
  { userId, sessionId, ...origin }: Who,
  user: StoredUser,
  details: Pick<Change, 'attempt' | 'transport'>,
): Promise<IssuedTokens> {
  await sessions.revokeAll(userId, { except: sessionId }, 'password-changed', origin);
  const session = await sessions.find(userId, sessionId);
  if (!session) throw new AuthError('SESSION_REVOKED');
  return sessions.rotate(user, sessionId, session.generation + 1, { ...details, origin });
}

function announceFailure({ events }: Services, who: Who, error: unknown): void {
  if (!isAuthError(error, 'INVALID_CREDENTIALS') && !isAuthError(error, 'ACCESS_TOKEN_INVALID')) return;
  const code = error.code as 'INVALID_CREDENTIALS' | 'ACCESS_TOKEN_INVALID';
  events.announce('passwordChangeFailed', () => ({ code, ...who }));
}

async function verifyCurrent(
  { config, passwords }: Services,
  id: string,
  currentPassword: string,
): Promise<StoredUser & { passwordHash: string }> {
  const user = await config.users.findById(id);
  if (!user || user.disabled) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { passwordHash } = user;
  const { matches } = await passwords.verify(currentPassword, passwordHash);
  if (!matches || passwordHash === null) throw new AuthError('INVALID_CREDENTIALS');
  return { ...user, passwordHash };
}
