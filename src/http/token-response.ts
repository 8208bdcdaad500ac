import type { Response } from 'express';
import type { Session } from '../stores/refresh-token-store.js';
import type { AccessTokenConfig } from '../tokens/access-token.js';
import type { Transport } from '../tokens/transport.js';
import { setTokenCookies, type CookieConfig } from './cookies.js';

/** Both tokens of a session, ready to be handed over. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  issuedAt: Date;
  accessExpiresAt: Date;
  session: Pick<Session, 'expiresAt' | 'remember'>;
}

/** What the options say about the delivery of tokens. */
export interface DeliveryConfig {
  readonly cookies: CookieConfig;
  readonly accessToken: Pick<AccessTokenConfig, 'expiresInSeconds'>;
}

/** What the body of an answer says of its tokens (RFC 6749 §5.1). */
export interface TokenBody {
  accessToken: string;
  refreshToken: string;
  tokenType: 'Bearer';
  /** Seconds that the access token lives. */
  expiresIn: number;
  /** Seconds until the session ends, unless it is refreshed before. */
  refreshExpiresIn: number;
}

/** Hands both tokens over in the way the client asked for: as cookies, or as members of the answer's body (RFC 6749 §5.1). */
export function deliverTokens(
  res: Response,
  tokens: TokenPair,
  transport: Transport,
  config: DeliveryConfig,
): TokenBody | undefined {
  const { accessToken, refreshToken, session, issuedAt, accessExpiresAt } = tokens;
  if (transport === 'body') {
    return {
      accessToken,
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: secondsBetween(issuedAt, accessExpiresAt),
      refreshExpiresIn: secondsBetween(issuedAt, session.expiresAt),
    };
  }
  const refreshMaxAge = secondsBetween(issuedAt, session.expiresAt);
  // The access cookie outlives its token, so "expired" can be told from "never there".
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
