import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import { extractAccessToken } from '../passport/jwt-strategy.js';
import type { Services } from '../services.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Bodies, BodyRequest } from './body-schemas.js';
import { deliverTokens, originOf } from './token-response.js';

/** Changes the password, ends all other sessions and rotates this one. */
export function createPassword(services: Services): RequestHandler {
  const { config, events, limits, sessions } = services;

  return async function password(req: BodyRequest<'password'>, res) {
    const { id, sessionId } = req.user as Express.User;
    const user = await limits.password(id, () => changePassword(services, id, req.body));
    await sessions.revokeAll(id, { except: sessionId }, 'password-changed');
    events.announce('passwordChanged', { userId: id, sessionId, ...originOf(req) });

    const session = await sessions.find(id, sessionId);
    if (!session) throw new AuthError('SESSION_REVOKED');
    const issued = await sessions.rotate(user, sessionId, session.generation + 1, { origin: originOf(req) });
    const cameBy = extractAccessToken(req, config.cookies.accessName)?.from;
    const tokens = deliverTokens(res, issued, cameBy === 'header' ? 'body' : 'cookie', config);
    res.json({ message: 'Password changed', ...tokens });
  };
}

/** Compare-and-set: of two parallel changes one wins, and the other's current password is no longer current. */
async function changePassword(
  { config: { users }, passwords }: Services,
  id: string,
  { currentPassword, newPassword }: Bodies['password'],
): Promise<StoredUser> {
  const user = await users.findById(id);
  if (!user || user.disabled) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { matches } = await passwords.verify(currentPassword, user.passwordHash);
  if (!matches) throw new AuthError('INVALID_CREDENTIALS');
  const changed = await users.updatePasswordHash(id, await passwords.hash(newPassword), user.passwordHash);
  if (!changed) throw new AuthError('INVALID_CREDENTIALS');
  return user;
}
