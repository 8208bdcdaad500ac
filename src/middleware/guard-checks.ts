import { AuthError } from '../errors.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { Sessions } from '../sessions/sessions.js';
import { activeUser, type StoredUser } from '../stores/user-store.js';
import type { GuardChecks } from './guard-options.js';

export interface GuardCheckServices {
  config: Pick<SessionConfig, 'users' | 'now'>;
  accessTokens: AccessTokens;
  sessions: Pick<Sessions, 'find'>;
}

/** The checks of a guard that asks no store. @throws AuthError */
export function verifyWithoutStore(
  { config, accessTokens }: GuardCheckServices,
  checks: GuardChecks,
  token: AuthenticatedUser,
): void {
  accessTokens.assertNotRevoked(token.id, token.sessionId, checks.onStoreDown);
  assertAllowed(token, checks, config.now());
}

/** The checks of a guard with `loadUser` or `checkSession`. @returns the user for `req.user`. @throws AuthError */
export async function verifyInStore(
  { config, accessTokens, sessions }: GuardCheckServices,
  checks: GuardChecks,
  token: AuthenticatedUser,
): Promise<AuthenticatedUser> {
  const { id, sessionId } = token;
  const user = checks.loadUser ? withoutPasswordHash(token, await config.users.findById(id)) : token;
  // `checkSession` asks the store anyway, so a stale revocation list is no reason to refuse.
  accessTokens.assertNotRevoked(
    id,
    sessionId,
    checks.checkSession ? 'allow-until-expiry' : checks.onStoreDown,
  );
  if (checks.checkSession && !(await sessions.find(id, sessionId))) throw new AuthError('SESSION_REVOKED');
  assertAllowed(user, checks, config.now());
  return user;
}

/** The stored user, with what only the token knows. */
function withoutPasswordHash(token: AuthenticatedUser, found: StoredUser | undefined): AuthenticatedUser {
  const stored = activeUser(found);
  if (!stored) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { passwordHash: _secret, ...user } = stored;
  const { sessionId, authTime, amr } = token;
  return { ...user, sessionId, authTime, amr };
}

function assertAllowed(
  { authTime, roles: has }: AuthenticatedUser,
  { freshWithinSeconds, roles: needed }: GuardChecks,
  nowMs: number,
): void {
  if (freshWithinSeconds !== undefined && nowMs - authTime.getTime() >= freshWithinSeconds * 1000) {
    throw new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: freshWithinSeconds });
  }
  if (needed && !needed.some((role) => has.includes(role))) throw new AuthError('FORBIDDEN');
}
