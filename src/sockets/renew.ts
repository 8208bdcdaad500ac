import { AuthError } from '../errors.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import { admit, type AdmitServices } from './admit.js';
import type { LiveSockets } from './live-sockets.js';

/** The session of the socket goes on with another of its access tokens. See `Auth.renew`. */
export async function renew(
  services: AdmitServices & { accessTokens: AccessTokens },
  sockets: LiveSockets,
  socket: unknown,
  token: unknown,
): Promise<{ user: AuthenticatedUser; expiresAt: Date }> {
  const live = sockets.find('renew()', socket);
  // A client has sent both, so neither is a mistake in the call.
  if (!live || (token !== undefined && typeof token !== 'string'))
    throw new AuthError('ACCESS_TOKEN_INVALID');
  sockets.assertMayStay(live);
  const checks = { ...live.guard.checks, optional: false };
  const admission = await admit(services, checks, undefined, () => {
    if (!token) return [];
    // First: the store must not be asked about the session of another.
    const { userId, sessionId } = services.accessTokens.verify(token);
    if (userId !== live.userId || sessionId !== live.sessionId) throw new AuthError('ACCESS_TOKEN_INVALID');
    return [{ token, from: 'header' }];
  });
  sockets.assertMayStay(live);
  if (!admission) throw new AuthError('ACCESS_TOKEN_INVALID');
  const expiresAt = +admission.claims.expiresAt / 1000;
  // An older token that comes late takes nothing back.
  if (expiresAt >= live.expiresAt) {
    live.expiresAt = expiresAt;
    replaceMembers(live.user, admission.user);
  }
  return { user: live.user, expiresAt: new Date(live.expiresAt * 1000) };
}

/** In place, because the app holds the object: `request.user` and `socket.data.user`. */
function replaceMembers(user: AuthenticatedUser, next: AuthenticatedUser): void {
  for (const name of ['amr', 'emailVerified', 'enrol', 'claims'] as const) delete user[name];
  Object.assign(user, next);
}
