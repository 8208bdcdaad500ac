import { checkTimes, signJwt, TokenError, verifySignature } from './jwt.js';
import type { KeySet } from './keys.js';

/** What a refresh token says: all of it follows from the stored session, so that a replay is byte for byte. */
export interface RefreshClaims {
  userId: string;
  sessionId: string;
  generation: number;
  issuedAt: Date;
  expiresAt: Date;
}

export function signRefreshToken(claims: RefreshClaims, keys: KeySet): string {
  return signJwt(
    'rt+jwt',
    {
      sub: claims.userId,
      sid: claims.sessionId,
      gen: claims.generation,
      iat: Math.floor(claims.issuedAt.getTime() / 1000),
      exp: Math.floor(claims.expiresAt.getTime() / 1000),
    },
    keys,
  );
}

/** @throws TokenError */
export function verifyRefreshToken(token: string, keys: KeySet, nowMs: number): RefreshClaims {
  return readRefreshToken(token, keys, nowMs);
}

/** For logout, which ends a session by an expired token too. @throws TokenError 'invalid' */
export function verifyExpiredRefreshToken(token: string, keys: KeySet): RefreshClaims {
  return readRefreshToken(token, keys, undefined);
}

function readRefreshToken(token: string, keys: KeySet, nowMs: number | undefined): RefreshClaims {
  const claims = verifySignature(token, 'rt+jwt', keys);
  const generation = claims['gen'];
  // The successor's generation must be a number that JSON can say exactly, too.
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
