import type { Request } from 'express';
import { AuthError } from '../errors.js';
import type { AccessClaims } from '../tokens/access-token.js';
import type { AuthenticatedUser } from './authenticated-user.js';
import { readCookie, type CookieConfig } from './cookies.js';
import { isCrossSite, isUnsafe, type SiteConfig } from './cross-site.js';

export interface PresentedToken {
  token: string;
  from: 'header' | 'cookie';
}

/** `Authorization: Bearer` (RFC 6750 §2.1) beats the cookie. Never the query string. */
export function extractAccessToken(req: Request, cookieName: string): PresentedToken | undefined {
  const { authorization } = req.headers;
  const bearer = authorization && /^Bearer +(\S.*)$/i.exec(authorization)?.[1];
  if (bearer) return { token: bearer, from: 'header' };
  const token = readCookie(req, cookieName);
  return token === undefined ? undefined : { token, from: 'cookie' };
}

/** @throws AuthError that says why the request has no good access token */
export type AuthenticateRequest = (req: Request) => AuthenticatedUser;

interface AccessTokenJudge {
  /** The claims may be shared by many requests. @throws AuthError */
  verify(token: string): AccessClaims;
}

/** Reads the user from the access token, without I/O. Whether the session still exists is another question. */
export function createAuthenticateRequest(
  { cookies, trustedOrigins }: SiteConfig & { readonly cookies: Pick<CookieConfig, 'accessName'> },
  accessTokens: AccessTokenJudge,
): AuthenticateRequest {
  return function authenticateRequest(req) {
    const presented = extractAccessToken(req, cookies.accessName);
    if (!presented) throw new AuthError('NO_ACCESS_TOKEN');
    // A browser adds cookies to the requests of any page; it adds a header to none.
    if (presented.from === 'cookie' && isUnsafe(req) && isCrossSite(req, trustedOrigins)) {
      throw new AuthError('CROSS_SITE_REQUEST');
    }
    const { userId, roles, sessionId, authTime, amr } = accessTokens.verify(presented.token);
    // Copies: an app may change its req.user, and the claims are kept for the next request.
    const user = { id: userId, roles: [...roles], sessionId, authTime: new Date(authTime) };
    return amr ? { ...user, amr: [...amr] } : user;
  };
}
