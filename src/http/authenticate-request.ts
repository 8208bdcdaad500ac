import type { Request } from 'express';
import { AuthError, isAuthError } from '../errors.js';
import type { AccessClaims } from '../tokens/access-token.js';
import type { Transport } from '../tokens/transport.js';
import { failureToReport } from '../utils/failure-to-report.js';
import type { AuthenticatedUser } from './authenticated-user.js';
import { readCookies, type CookieConfig } from './cookies.js';
import { isCrossSite, isUnsafe, type SiteConfig } from './cross-site.js';

export interface PresentedToken {
  token: string;
  from: 'header' | 'cookie';
}

/** Where a request has its access token. */
export interface AccessTokenPlaces {
  readonly cookies: Pick<CookieConfig, 'accessName'>;
  /** Finds the token in the header `Authorization`, as its first group. */
  readonly authorization: RegExp;
}

/** `Authorization: Bearer` (RFC 6750 §2.1), and the scheme of the app's beside it. Schemes are compared without case (RFC 9110 §11.1). */
export function authorizationOf(scheme?: string): RegExp {
  return new RegExp(`^(?:Bearer${scheme === undefined ? '' : `|${scheme}`}) +(\\S.*)$`, 'i');
}

/** The header `Authorization` beats the cookies. Never the query string. */
export function extractAccessTokens(
  req: Request,
  { cookies, authorization }: AccessTokenPlaces,
): PresentedToken[] {
  const header = req.headers.authorization;
  const token = header && authorization.exec(header)?.[1];
  if (token) return [{ token, from: 'header' }];
  return readCookies(req, cookies.accessName).map((each) => ({ token: each, from: 'cookie' }));
}

/** How tokens leave in the answer to a request: as its access token came. */
export function transportOf(req: Request, places: AccessTokenPlaces): Transport {
  return extractAccessTokens(req, places)[0]?.from === 'header' ? 'body' : 'cookie';
}

/**
 * @param ended sessions to pass over, because the store says that they have ended
 * @throws AuthError that says why the request has no good access token
 */
export type AuthenticateRequest = (req: Request, ended?: readonly string[]) => AuthenticatedUser;

export interface AccessTokenJudge {
  /** The claims may be shared by many requests. @throws AuthError */
  verify(token: string): AccessClaims;
  /** Whether this process knows that the session has ended. */
  isRevoked(userId: string, sessionId: string): boolean;
}

export type VerifiedToken = PresentedToken & { claims: AccessClaims };

/**
 * The token that counts. A browser that keeps a cookie twice sends both: the first whose session isn't known to have ended.
 * @throws AuthError why there is none
 */
export function selectAccessToken(
  presented: readonly PresentedToken[],
  judge: AccessTokenJudge,
  ended: readonly string[] = [],
): VerifiedToken {
  const first = presented[0];
  if (!first) throw new AuthError('NO_ACCESS_TOKEN');
  const { token, from } = first;
  // Member by member: a spread made this path, which most requests take, half as slow again.
  if (presented.length === 1) return { token, from, claims: judge.verify(token) };
  const failures: unknown[] = [];
  let revoked: VerifiedToken | undefined;
  for (const each of presented) {
    try {
      const claims = judge.verify(each.token);
      const { userId, sessionId } = claims;
      if (!ended.includes(sessionId) && !judge.isRevoked(userId, sessionId)) return { ...each, claims };
      revoked ??= { ...each, claims };
    } catch (error) {
      failures.push(error);
    }
  }
  const failure = failureToReport(failures);
  if (revoked && !isAuthError(failure, 'ACCESS_TOKEN_EXPIRED')) return revoked;
  throw failure;
}

/**
 * Reads the user from the access token, without I/O. Whether the session still exists is another question.
 * @param assertAccepted throws an AuthError for claims that this guard doesn't take
 */
export function createAuthenticateRequest(
  config: SiteConfig & AccessTokenPlaces,
  accessTokens: AccessTokenJudge,
  assertAccepted?: (claims: AccessClaims) => void,
): AuthenticateRequest {
  return function authenticateRequest(req, ended) {
    const presented = extractAccessTokens(req, config);
    // A browser adds cookies to the requests of any page; it adds a header to none.
    if (presented[0]?.from === 'cookie' && isUnsafe(req) && isCrossSite(req, config.trustedOrigins)) {
      throw new AuthError('CROSS_SITE_REQUEST');
    }
    const { claims } = selectAccessToken(presented, accessTokens, ended);
    assertAccepted?.(claims);
    return userIn(claims);
  };
}

/** `req.user` of a token. Copies, because an app may change it, and the claims are kept for the next request. The app's own are frozen. */
export function userIn({
  userId,
  roles,
  sessionId,
  authTime,
  amr,
  emailVerified,
  enrol,
  appClaims,
}: AccessClaims): AuthenticatedUser {
  const user: AuthenticatedUser = { id: userId, roles: [...roles], sessionId, authTime: new Date(authTime) };
  if (amr) user.amr = [...amr];
  if (emailVerified !== undefined) user.emailVerified = emailVerified;
  if (enrol) user.enrol = true;
  if (appClaims) user.claims = appClaims;
  return user;
}
