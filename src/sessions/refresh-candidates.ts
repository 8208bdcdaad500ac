import { AuthError, isAuthError } from '../errors.js';
import { verifyRefreshToken, type RefreshClaims } from '../tokens/refresh-token.js';
import type { SessionConfig } from './session-config.js';
import { toAuthError } from './token-failure.js';

/** How many sessions of one request the store is asked about. A browser sends two or three; only an attacker sends more. */
export const MAX_SESSIONS_PER_REQUEST = 8;

type CandidateConfig = Pick<SessionConfig, 'refreshTokens' | 'refreshToken' | 'now'>;

/**
 * The refresh tokens to exchange, in this order, until one isn't of an unknown session. Usually there is one. A browser that keeps a
 * cookie twice sends a spent token beside the good one, and that is no reuse: the spent one is left out.
 * @param sessionId the session that the token must belong to. Default: any
 * @throws AuthError REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_INVALID
 */
export function refreshCandidates(
  tokens: readonly string[],
  config: CandidateConfig,
  sessionId?: string,
): readonly RefreshClaims[] | Promise<readonly RefreshClaims[]> {
  const good = verified(tokens, config);
  const all = sessionId === undefined ? good : good.filter((claims) => claims.sessionId === sessionId);
  if (all.length === 0) throw new AuthError('REFRESH_TOKEN_INVALID');
  if (all.length === 1) return all;
  const newest = newestOfEachSession(all).slice(0, MAX_SESSIONS_PER_REQUEST);
  return newest.length === 1 ? newest : exchangeable(newest, config);
}

async function exchangeable(
  newest: readonly RefreshClaims[],
  config: CandidateConfig,
): Promise<readonly RefreshClaims[]> {
  const isGood = await Promise.all(newest.map((claims) => isExchangeable(claims, config)));
  const good = newest.filter((_, index) => isGood[index]);
  return good.length > 0 ? good : newest;
}

/** @throws AuthError when none of them verifies */
function verified(tokens: readonly string[], { refreshToken, now }: CandidateConfig): RefreshClaims[] {
  let failure: unknown;
  const claims: RefreshClaims[] = [];
  for (const token of tokens) {
    try {
      claims.push(verifyRefreshToken(token, refreshToken.keys, now()));
    } catch (thrown) {
      const error = toAuthError(thrown, 'REFRESH_TOKEN');
      if (failure === undefined || isAuthError(error, 'REFRESH_TOKEN_EXPIRED')) failure = error;
    }
  }
  if (claims.length === 0) throw failure;
  return claims;
}

function newestOfEachSession(all: readonly RefreshClaims[]): RefreshClaims[] {
  const newest = new Map<string, RefreshClaims>();
  for (const claims of all) {
    const key = `${claims.sessionId} ${claims.userId}`;
    if (claims.generation > (newest.get(key)?.generation ?? 0)) newest.set(key, claims);
  }
  return [...newest.values()];
}

/** Only to choose among several: the exchange itself judges again, in one operation of the store. */
async function isExchangeable(
  { userId, sessionId, generation }: RefreshClaims,
  { refreshTokens, refreshToken, now }: CandidateConfig,
): Promise<boolean> {
  const session = await refreshTokens.find(userId, sessionId);
  if (!session || generation < session.generation) return false;
  const windowEnd = session.rotatedAt.getTime() + refreshToken.reuseWindowSeconds * 1000;
  return generation > session.generation || now() <= windowEnd;
}
