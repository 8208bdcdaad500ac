import { AuthError, failureOf } from '../errors.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import { MAX_SESSIONS_PER_REQUEST } from '../sessions/refresh-candidates.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { Sessions } from '../sessions/sessions.js';
import { activeUser, type StoredUser } from '../stores/user-store.js';
import type { GuardChecks, ProofChecks } from './guard-options.js';

export interface GuardCheckServices {
  /** Without `users`, `loadUser` finds no one. */
  config: Pick<SessionConfig, 'now'> & { readonly users?: Pick<SessionConfig['users'], 'findById'> };
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
  assertEnrolled(token, checks);
  assertAllowed(token, checks, config.now());
}

/**
 * As `verifyInStore`. When the store says that the session is over and the browser has sent a second token, that one is judged.
 * @param authenticate reads the next token that is of none of these sessions
 */
export async function verifyFirstInStore(
  services: GuardCheckServices,
  checks: GuardChecks,
  authenticate: (ended: readonly string[]) => AuthenticatedUser,
  token: AuthenticatedUser,
  ended: readonly string[] = [],
): Promise<AuthenticatedUser> {
  try {
    return await verifyInStore(services, checks, token);
  } catch (error) {
    if (!(error instanceof AuthError) || !failureOf(error).anonymous) throw error;
    const passedOver = [...ended, token.sessionId];
    const next = nextToken(() => authenticate(passedOver));
    if (!next || passedOver.includes(next.sessionId) || passedOver.length >= MAX_SESSIONS_PER_REQUEST)
      throw error;
    return verifyFirstInStore(services, checks, authenticate, next, passedOver).catch(() => {
      throw error;
    });
  }
}

function nextToken(read: () => AuthenticatedUser): AuthenticatedUser | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The checks of a guard with `loadUser` or `checkSession`. @returns the user for `req.user`. @throws AuthError */
async function verifyInStore(
  { config, accessTokens, sessions }: GuardCheckServices,
  checks: GuardChecks,
  token: AuthenticatedUser,
): Promise<AuthenticatedUser> {
  const { id, sessionId } = token;
  const user = checks.loadUser ? withoutPasswordHash(token, await config.users?.findById(id)) : token;
  // `checkSession` asks the store anyway, so a stale revocation list is no reason to refuse.
  accessTokens.assertNotRevoked(
    id,
    sessionId,
    checks.checkSession ? 'allow-until-expiry' : checks.onStoreDown,
  );
  // Asked again after the store's answer: a stream that begins behind the guard hears only of sessions that end from now on.
  if (checks.checkSession && (!(await sessions.find(id, sessionId)) || accessTokens.isRevoked(id, sessionId)))
    throw new AuthError('SESSION_REVOKED');
  assertEnrolled(token, checks);
  assertAllowed(user, checks, config.now());
  return user;
}

/** The stored user, with what only the token knows. */
function withoutPasswordHash(token: AuthenticatedUser, found: StoredUser | undefined): AuthenticatedUser {
  const stored = activeUser(found);
  if (!stored) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { passwordHash: _secret, ...user } = stored;
  const { sessionId, authTime, amr, emailVerified, enrol, claims } = token;
  const ofFeatures = { ...(emailVerified !== undefined && { emailVerified }), ...(enrol && { enrol }) };
  return { ...user, sessionId, authTime, amr, ...ofFeatures, ...(claims && { claims }) };
}

/** By the token: a store of the app's own may have a member of that name. */
function assertEnrolled({ enrol }: AuthenticatedUser, { beforeEnrolment }: GuardChecks): void {
  if (enrol && !beforeEnrolment) throw new AuthError('SECOND_FACTOR_ENROLMENT_REQUIRED');
}

/** What a guard asks of the user whom it has verified. @throws AuthError */
export function assertAllowed(
  user: AuthenticatedUser,
  {
    proof,
    emailVerified: needsAddress,
    roles: needed,
  }: Partial<Pick<GuardChecks, 'proof' | 'emailVerified' | 'roles'>>,
  nowMs: number,
): void {
  if (proof) assertProved(user, proof, nowMs);
  const { emailVerified, roles: has } = user;
  if (needsAddress && emailVerified !== true) throw new AuthError('EMAIL_NOT_VERIFIED');
  if (needed && !needed.some((role) => has.includes(role))) throw new AuthError('FORBIDDEN');
}

/** The challenge says all that a new proof must be like, not only what this one lacks (RFC 9470 §3). */
function assertProved(
  { amr = [], authTime }: AuthenticatedUser,
  { freshWithinSeconds, methods }: ProofChecks,
  nowMs: number,
): void {
  const isFresh = freshWithinSeconds === undefined || nowMs - authTime.getTime() < freshWithinSeconds * 1000;
  if (isFresh && methods.every((anyOf) => anyOf.some((method) => amr.includes(method)))) return;
  throw new AuthError('REAUTHENTICATION_REQUIRED', {
    ...(freshWithinSeconds !== undefined && { maxAgeSeconds: freshWithinSeconds }),
    ...(methods.length > 0 && { acrValues: methods.flat() }),
  });
}
