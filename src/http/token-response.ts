import type { Response } from 'express';
import type { AuthConfig } from '../config/auth-config.js';
import type { Transport } from './body-schemas.js';
import type { IssuedTokens } from '../sessions/sessions.js';
import type { StoredUser } from '../stores/user-store.js';
import { setTokenCookies } from './cookies.js';

/** `user` as register, login and info answer it. */
export function publicUser({
  id,
  username,
  roles,
}: StoredUser): Pick<StoredUser, 'id' | 'username' | 'roles'> {
  return { id, username, roles };
}

interface TokenBody {
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds that the access token lives. */
  expiresIn: number;
}

/**
 * Hands both tokens over the way the client asked for: as cookies, or as members for the body of the answer (RFC 6749 §5.1).
 */
export function deliverTokens(
  res: Response,
  issued: IssuedTokens,
  transport: Transport,
  config: AuthConfig,
): TokenBody | undefined {
  const { accessToken, refreshToken, session, issuedAt, accessExpiresAt } = issued;
  if (transport === 'body') {
    return {
      accessToken,
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: secondsBetween(issuedAt, accessExpiresAt),
    };
  }
  const refreshMaxAge = secondsBetween(issuedAt, session.expiresAt);
  // An access cookie that outlives its token tells "expired" from "never there".
  const accessMaxAge = Math.max(
    refreshMaxAge,
    config.accessToken.expiresInSeconds + ACCESS_COOKIE_GRACE_SECONDS,
  );
  setTokenCookies(
    res,
    {
      accessToken,
      refreshToken,
      accessMaxAgeSeconds: session.remember ? accessMaxAge : undefined,
      refreshMaxAgeSeconds: session.remember ? refreshMaxAge : undefined,
    },
    config.cookies,
  );
  return undefined;
}

const ACCESS_COOKIE_GRACE_SECONDS = 60;

function secondsBetween(from: Date, to: Date): number {
  return Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000));
}
