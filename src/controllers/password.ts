import type { RequestHandler } from 'express';
import { AuthError, isAuthError } from '../errors.js';
import { extractAccessToken } from '../passport/authenticate-request.js';
import type { Services } from '../services.js';
import type { StoredUser } from '../stores/user-store.js';
import type { AnswerResponse } from './answer-schemas.js';
import type { BodyRequest } from './body-schemas.js';
import { deliverTokens, originOf } from './token-response.js';

/** Changes the password, ends all other sessions and rotates this one. */
export function createPassword(services: Services): RequestHandler {
  const { config, events, limits, passwords, sessions } = services;

  return async function password(req: BodyRequest<'password'>, res: AnswerResponse<'password'>) {
    const { id, sessionId } = req.user as Express.User;
    const { currentPassword, newPassword } = req.body;
    const origin = originOf(req);
    const user = await limits.password(id, () => verifyCurrent(services, id, currentPassword));
    const newHash = await passwords.hash(newPassword);
    // Compare-and-set: of two parallel changes one wins, and the other's current password is no longer current.
    if (!(await config.users.updatePasswordHash(id, newHash, user.passwordHash))) {
      throw new AuthError('INVALID_CREDENTIALS');
    }
    try {
      await sessions.revokeAll(id, { except: sessionId }, 'password-changed');
      const session = await sessions.find(id, sessionId);
      if (!session) throw new AuthError('SESSION_REVOKED');
      const issued = await sessions.rotate(user, sessionId, session.generation + 1, { origin });
      events.announce('passwordChanged', () => ({ userId: id, sessionId, ...origin }));
      const cameBy = extractAccessToken(req, config.cookies.accessName)?.from;
      const tokens = deliverTokens(res, issued, cameBy === 'header' ? 'body' : 'cookie', config);
      res.json({ message: 'Password changed', ...tokens });
    } catch (error) {
      // Not half a change: a thief's session would live on, and whoever tries again no longer knows the password.
      if (isAuthError(error, 'SERVICE_UNAVAILABLE'))
        await config.users.updatePasswordHash(id, user.passwordHash, newHash);
      throw error;
    }
  };
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
