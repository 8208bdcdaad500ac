import { checkTimes, numericDate, signJwt, TokenError, verifySignature } from './jwt.js';
import type { KeySet } from './keys.js';

/** The content of a refresh token. All of it comes from the stored session, so a replay gives the same token, byte for byte. */
export interface RefreshClaims {
  userId: string;
  sessionId: string;
  generation: number;
  issuedAt: Date;
  expiresAt: Date;
}

/** @throws TokenTooLongError */
export function signRefreshToken(claims: RefreshClaims, keys: KeySet): string {
  return signJwt(
    'rt+jwt',
    {
      sub: claims.userId,
      sid: claims.sessionId,
      gen: claims.generation,
      iat: numericDate(claims.issuedAt),
      exp: numericDate(claims.expiresAt),
    },
    keys,
  );
}

/** @throws TokenError */
export function verifyRefreshToken(token: string, keys: KeySet, nowMs: number): RefreshClaims {
  return readRefreshToken(token, keys, nowMs);
}

/** Also accepts an expired token, because a logout with one ends the session too. @throws TokenError 'invalid' */
export function verifyExpiredRefreshToken(token: string, keys: KeySet): RefreshClaims {
  return readRefreshToken(token, keys, undefined);
}

function readRefreshToken(token: string, keys: KeySet, nowMs: number | undefined): RefreshClaims {
  const claims = verifySignature(token, 'rt+jwt', keys);
  const generation = claims['gen'];
  // JSON must be able to represent the next generation exactly too.
  if (!Number.isSafeInteger(generation) || !Number.isSafeInteger((generation as number) + 1)) {
    throw new TokenError('invalid');
  }
  if ((generation as number) < 1) throw new TokenError('invalid');
  if (nowMs !== undefined) checkTimes(claims, nowMs);
  return {
    userId: claims.sub,
    sessionId: claims.sid,
    generation: generation as number,
    issuedAt: new Date(claims.iat * 1000),
    expiresAt: new Date(claims.exp * 1000),
  };
}
