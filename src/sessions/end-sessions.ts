import { NO_ORIGIN, type RequestOrigin, type RevocationReason } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import { mayHaveArrived } from '../stores/bounded-calls.js';
import { verifyAccessToken } from '../tokens/access-token.js';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';
import { verifyExpiredRefreshToken, type RefreshClaims } from '../tokens/refresh-token.js';
import type { PresentedTokens } from '../tokens/transport.js';
import { earliestValidEnd, mayHaveAccessToken } from './last-access-token.js';
import type { Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';
import { MAX_SESSIONS_PER_REQUEST } from './refresh-candidates.js';
import { unlessInvalid } from './token-failure.js';
import { UnconfirmedEnds } from './unconfirmed-ends.js';

type SessionName = Pick<RefreshClaims, 'userId' | 'sessionId'>;

type SessionEnderConfig = Pick<SessionConfig, 'refreshTokens' | 'accessToken' | 'refreshToken' | 'now'>;

/** Ends sessions: in the store, and for guards in all processes. */
export class SessionEnder {
  readonly #config: SessionEnderConfig;
  readonly #events: AuthEvents;
  readonly #revocations: Revocations;
  readonly #unconfirmedEnds: UnconfirmedEnds;

  constructor(config: SessionEnderConfig, events: AuthEvents, revocations: Revocations) {
    this.#config = config;
    this.#events = events;
    this.#revocations = revocations;
    this.#unconfirmedEnds = new UnconfirmedEnds(
      config.accessToken.expiresInSeconds + CLOCK_TOLERANCE_SECONDS,
    );
  }

  /** @returns whether there was such a session of this user */
  async revoke(
    userId: string,
    sessionId: string,
    reason: RevocationReason = 'server',
    origin: RequestOrigin = NO_ORIGIN,
  ): Promise<boolean> {
    const call = () => this.#config.refreshTokens.revoke(userId, sessionId);
    const existed = await this.#revocations
      .during({ userId, sessionId, reason, call, hasEnded: Boolean })
      .catch((error: unknown) => {
        if (mayHaveArrived(error)) this.#unconfirmedEnds.add(userId, sessionId);
        throw error;
      });
    if (this.#unconfirmedEnds.take(userId, sessionId) || existed) {
      this.#revocations.refuse(userId, [sessionId], reason);
      this.#events.announce('revoked', () => ({ userId, sessionIds: [sessionId], reason, ...origin }));
    }
    return existed;
  }

  /** Ends every session of the user but `except`. @returns the ids that ended */
  async revokeAll(
    userId: string,
    options: { except?: string | undefined } = {},
    reason: RevocationReason = 'server',
    origin: RequestOrigin = NO_ORIGIN,
  ): Promise<string[]> {
    return this.ending(userId, reason, origin, (onEnded) =>
      this.#config.refreshTokens.revokeAll(userId, { ...options, onEnded }),
    );
  }

  /**
   * Announces the sessions that a call of the store ends. If the store fails after some of its steps, those of the steps before.
   * @returns what `end` returns
   */
  async ending<Ended extends readonly string[] | void>(
    userId: string,
    reason: RevocationReason,
    origin: RequestOrigin,
    end: (onEnded: (sessionIds: readonly string[]) => void) => Promise<Ended>,
  ): Promise<Ended> {
    const endedSoFar: string[] = [];
    const collect = (sessionIds: readonly string[]) => {
      for (const sessionId of sessionIds) endedSoFar.push(sessionId);
    };
    try {
      const ended = await this.#revocations.during({ userId, reason, call: () => end(collect) });
      this.#haveEnded(userId, ended ?? [], reason, origin);
      return ended;
    } catch (error) {
      this.#haveEnded(userId, endedSoFar, reason, origin);
      throw error;
    }
  }

  /** For sessions that the store has ended: refuses their access tokens, and announces their end. */
  #haveEnded(
    userId: string,
    sessionIds: readonly string[],
    reason: RevocationReason,
    origin: RequestOrigin,
  ): void {
    if (sessionIds.length === 0) return;
    this.#revocations.refuse(userId, sessionIds, reason);
    this.#events.announce('revoked', () => ({ userId, sessionIds: [...sessionIds], reason, ...origin }));
  }

  /**
   * Ends the session that the refresh token names, or else the one that the access token names. Where a cookie came twice, it ends
   * every session that was named. Expired tokens will do.
   * @returns whether there was one
   */
  async endByTokens(
    { refreshTokens, accessTokens }: PresentedTokens,
    origin: RequestOrigin,
    reason: Extract<RevocationReason, 'logout' | 'new-login'> = 'logout',
  ): Promise<boolean> {
    const { refreshToken: refresh, accessToken: access } = this.#config;
    const ofRefresh = claimsIn(refreshTokens, (token) => verifyExpiredRefreshToken(token, refresh.keys));
    const ofAccess = claimsIn(accessTokens, (token) => verifyAccessToken(token, access).claims);
    const named: SessionName[] = [...ofRefresh];
    if (named.length === 0 || refreshTokens.length > 1 || accessTokens.length > 1) named.push(...ofAccess);
    const sessions = new Map(named.map((claims) => [`${claims.sessionId} ${claims.userId}`, claims]));
    const stillValid = earliestValidEnd(this.#config);
    let existed = false;
    for (const { userId, sessionId } of [...sessions.values()].slice(0, MAX_SESSIONS_PER_REQUEST)) {
      if (await this.revoke(userId, sessionId, reason, origin)) existed = true;
      // The tokens are ours, so the session existed. If the store didn't know it, the store told no other process that it ended.
      const mayGoOn =
        ofRefresh.some((each) => each.sessionId === sessionId && mayHaveAccessToken(each, this.#config)) ||
        ofAccess.some((each) => each.sessionId === sessionId && +each.expiresAt > stillValid);
      if (mayGoOn) await this.#announce(userId, sessionId, reason);
    }
    return existed;
  }

  /** Ends every session of the user, including the current one. @returns how many */
  async endAll(
    { userId, sessionId }: { userId: string; sessionId: string },
    origin: RequestOrigin,
  ): Promise<number> {
    const ended = await this.revokeAll(userId, {}, 'logout-all', origin);
    await this.#announce(userId, sessionId, 'logout-all'); // the store may have lost the current session
    return ended.length;
  }

  #announce(userId: string, sessionId: string, reason: RevocationReason): Promise<void> {
    const call = () => this.#revocations.announce(userId, sessionId);
    return this.#revocations.during({ userId, sessionId, reason, call });
  }
}

function claimsIn<Claims>(tokens: readonly string[], verify: (token: string) => Claims): Claims[] {
  return tokens.flatMap((token) => unlessInvalid(token, verify) ?? []);
}
