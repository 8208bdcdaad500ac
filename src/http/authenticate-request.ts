import type { Request } from 'express';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { AuthConfig } from '../config/auth-config.js';
import { AuthError } from '../errors.js';
import { isCrossSite, isUnsafe } from '../middleware/same-site.js';
import { readCookie } from './cookies.js';
import type { AuthenticatedUser } from './authenticated-user.js';

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

/** Who a request says it comes from, by its access token alone; whether that session still stands is another question. */
export function createAuthenticateRequest(
  { cookies, trustedOrigins }: AuthConfig,
  accessTokens: Pick<AccessTokens, 'verify'>,
): AuthenticateRequest {
  return function authenticateRequest(req) {
    const presented = extractAccessToken(req, cookies.accessName);
    if (!presented) throw new AuthError('NO_ACCESS_TOKEN');
    // A browser adds cookies to whatever page's request; a header it adds for nobody.
    if (presented.from === 'cookie' && isUnsafe(req) && isCrossSite(req, trustedOrigins)) {
      throw new AuthError('CROSS_SITE_REQUEST');
    }
    const { userId, roles, sessionId, authTime, amr } = accessTokens.verify(presented.token);
    // Copies: an app may change its req.user, and the claims are remembered for the next request.
    const user = { id: userId, roles: [...roles], sessionId, authTime: new Date(authTime) };
    return amr ? { ...user, amr: [...amr] } : user;
  };
}
