import { checkClaims, checkTimes, signJwt, TokenError, verifySignature, type Claims } from './jwt.js';
import type { KeySet } from './keys.js';

export interface AccessTokenConfig {
  readonly keys: KeySet;
  readonly expiresInSeconds: number;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
}

/** What an access token says, in our words. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
  roles: string[];
  /** When the user proved who they are. */
  authTime: Date;
  issuedAt: Date;
  expiresAt: Date;
}

export function signAccessToken(claims: AccessClaims, config: AccessTokenConfig): string {
  return signJwt(
    'at+jwt',
    {
      ...(config.issuer !== undefined && { iss: config.issuer }),
      ...(config.audience !== undefined && { aud: config.audience }),
      sub: claims.userId,
      sid: claims.sessionId,
      roles: claims.roles,
      auth_time: seconds(claims.authTime),
      iat: seconds(claims.issuedAt),
      exp: seconds(claims.expiresAt),
    },
    config.keys,
  );
}

/** @throws TokenError */
export function verifyAccessToken(token: string, config: AccessTokenConfig, nowMs: number): AccessClaims {
  const claims = verifySignature(token, 'at+jwt', config.keys);
  return toAccessClaims(claims, config, nowMs);
}

/** For logout, which ends a session by an expired token too. @throws TokenError 'invalid' */
export function verifyExpiredAccessToken(token: string, config: AccessTokenConfig): AccessClaims {
  return toAccessClaims(verifySignature(token, 'at+jwt', config.keys), config, undefined);
}

/** The rest of the checks for a payload whose signature holds; without `nowMs` times go unchecked. @throws TokenError */
export function toAccessClaims(
  payload: unknown,
  config: AccessTokenConfig,
  nowMs: number | undefined,
): AccessClaims {
  const claims: Claims = checkClaims(payload);
  const { iss, aud, roles, auth_time: authTime } = claims;
  if (config.issuer !== undefined && iss !== config.issuer) throw new TokenError('invalid');
  if (config.audience !== undefined && aud !== config.audience) throw new TokenError('invalid');
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string'))
    throw new TokenError('invalid');
  if (!Number.isSafeInteger(authTime)) throw new TokenError('invalid');
  if (nowMs !== undefined) checkTimes(claims, nowMs);
  return {
    userId: claims.sub,
    sessionId: claims.sid,
    roles,
    authTime: new Date((authTime as number) * 1000),
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  };
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
