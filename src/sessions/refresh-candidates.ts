import { AuthError } from '../errors.js';
import { verifyRefreshToken, type RefreshClaims } from '../tokens/refresh-token.js';
import { failureToReport } from '../utils/failure-to-report.js';
import type { SessionConfig } from './session-config.js';
import { toAuthError } from './token-failure.js';

/** How many sessions of one request the store is asked about. A browser sends two or three; only an attacker sends more. */
export const MAX_SESSIONS_PER_REQUEST = 8;

type CandidateConfig = Pick<SessionConfig, 'refreshTokens' | 'refreshToken' | 'now'>;

/** The refresh tokens of one request, the newest of each session. */
export interface RefreshCandidates {
  /** To exchange, in this order, until one of them yields tokens. */
  readonly toExchange: readonly RefreshClaims[];
  /** Already exchanged, beside good ones of other sessions. Presenting them ends their sessions. */
  readonly spent: readonly RefreshClaims[];
}

/**
 * Sorts the refresh tokens of a request. Usually there is one. A browser that keeps a cookie twice sends a spent token beside the
 * good one of the same session, and that is no reuse: the spent one is left out. A login ends the session of the cookie it
 * replaces, so a spent token of another session that goes on is stolen, or a copy of it is.
 * @param sessionId the session whose token is to be exchanged. Default: any
 * @throws AuthError REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_INVALID
 */
export function refreshCandidates(
  tokens: readonly string[],
  config: CandidateConfig,
  sessionId?: string,
): RefreshCandidates | Promise<RefreshCandidates> {
  const all = verified(tokens, config);
  const newest = all.length === 1 ? all : newestOfEachSession(all).slice(0, MAX_SESSIONS_PER_REQUEST);
  const isWanted = (claims: RefreshClaims) => sessionId === undefined || claims.sessionId === sessionId;
  if (!newest.some(isWanted)) throw new AuthError('REFRESH_TOKEN_INVALID');
  return newest.length === 1 ? { toExchange: newest, spent: [] } : sorted(newest, isWanted, config);
}

async function sorted(
  newest: readonly RefreshClaims[],
  isWanted: (claims: RefreshClaims) => boolean,
  config: CandidateConfig,
): Promise<RefreshCandidates> {
  const states = await Promise.all(newest.map((claims) => stateOf(claims, config)));
  const wanted = newest.filter(isWanted);
  const good = wanted.filter((claims) => states[newest.indexOf(claims)] === 'good');
  const toExchange = good.length > 0 ? good : wanted;
  const spent = newest.filter((claims, n) => states[n] === 'spent' && !toExchange.includes(claims));
  return { toExchange, spent };
}

/** @throws AuthError when none of them verifies */
function verified(tokens: readonly string[], { refreshToken, now }: CandidateConfig): RefreshClaims[] {
  const failures: unknown[] = [];
  const claims: RefreshClaims[] = [];
  for (const token of tokens) {
    try {
      claims.push(verifyRefreshToken(token, refreshToken.keys, now()));
    } catch (thrown) {
      failures.push(toAuthError(thrown, 'REFRESH_TOKEN'));
    }
  }
  if (claims.length === 0) throw failureToReport(failures);
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

/** Only to sort several: the exchange itself judges again, in one operation of the store. */
async function stateOf(
  { userId, sessionId, generation }: RefreshClaims,
  { refreshTokens, refreshToken, now }: CandidateConfig,
): Promise<'good' | 'spent' | 'unknown'> {
  const session = await refreshTokens.find(userId, sessionId);
  if (!session) return 'unknown';
  const windowEnd = session.rotatedAt.getTime() + refreshToken.reuseWindowSeconds * 1000;
  const isReplay = generation === session.generation && now() <= windowEnd;
  return generation > session.generation || isReplay ? 'good' : 'spent';
}
