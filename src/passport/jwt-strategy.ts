import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import type { AuthConfig } from '../auth-config.js';
import { toAccessClaims, type AccessClaims } from '../utils/access-token.js';
import { readCookie } from '../utils/cookies.js';
import { selectKey, TokenError } from '../utils/jwt.js';
import type { AuthenticatedUser } from './authenticated-user.js';

export interface PresentedToken {
  token: string;
  from: 'header' | 'cookie';
}

/** `Authorization: Bearer` (RFC 6750 §2.1) beats the cookie. Never the query string. */
export function extractAccessToken(req: Request, cookieName: string): PresentedToken | undefined {
  const bearer = /^Bearer +(\S.*)$/i.exec(req.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return { token: bearer, from: 'header' };
  const token = readCookie(req, cookieName);
  return token === undefined ? undefined : { token, from: 'cookie' };
}

/** Registered as `jwt`: turns a good access token into `req.user`. */
export function createJwtStrategy({ accessToken, cookies, now }: AuthConfig): Strategy {
  return new Strategy(
    {
      jwtFromRequest: (req: Request) => extractAccessToken(req, cookies.accessName)?.token ?? null,
      secretOrKeyProvider: (_req, token, done) => {
        try {
          done(null, selectKey(token as string, 'at+jwt', accessToken.keys) as unknown as Buffer);
        } catch (error) {
          done(error);
        }
      },
      algorithms: [accessToken.keys.algorithm],
      // Times are checked below, against our clock.
      jsonWebTokenOptions: { ignoreNotBefore: true },
      ignoreExpiration: true,
    },
    (payload: unknown, done: (error: unknown, user?: AuthenticatedUser | false, info?: unknown) => void) => {
      try {
        done(null, toUser(toAccessClaims(payload, accessToken, now())));
      } catch (error) {
        if (error instanceof TokenError) done(null, false, error);
        else done(error);
      }
    },
  );
}

function toUser({ userId, roles, sessionId, authTime }: AccessClaims): AuthenticatedUser {
  return { id: userId, roles, sessionId, authTime };
}
