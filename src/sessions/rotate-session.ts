import { AuthError, failureOf, isAuthError, type CodeAnnouncedBy } from '../errors.js';
import type { LazyOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { RotateResult, Session } from '../stores/refresh-token-store.js';
import { afterChange, isMarked } from '../stores/unfinished-change.js';
import type { StoredUser } from '../stores/user-store.js';
import { verifyExpiredRefreshToken, type RefreshClaims } from '../tokens/refresh-token.js';
import type { Transport } from '../tokens/transport.js';
import type { SessionEnder } from './end-sessions.js';
import type { IssuedTokens, TokenIssuer } from './issue-tokens.js';
import { mayHaveAccessToken } from './last-access-token.js';
import { originHash } from './origin-hash.js';
import { refreshCandidates } from './refresh-candidates.js';
import type { Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';
import type { AskedClaims } from './asked-claims.js';
import type { TokenClaims } from './token-claims.js';
import { unlessInvalid } from './token-failure.js';
import type { TokenSize } from './token-size.js';

/**
 * After replays from elsewhere in so many generations in a row, someone follows: a thief must replay every one of them, or is out.
 * An honest browser of which two tabs race at every single refresh, and whose addresses change by the toss of a coin in
 * between, gets there in one of 20,000 sessions of 30 days; with three tabs, in one of three. At the default lifetimes the thief is
 * found after twelve hours of use.
 */
export const MAX_ELSEWHERE = 24;

/** The request that asks for the next pair of tokens. */
export interface RotationDetails {
  origin: LazyOrigin;
  transport: Transport;
  /** The `Idempotency-Key`. */
  attempt?: string | undefined;
}

interface RefreshDetails extends RotationDetails {
  /** The session that the refresh token must belong to. Default: any. */
  sessionId?: string | undefined;
}

interface RotatorServices {
  config: Pick<
    SessionConfig,
    | 'users'
    | 'refreshTokens'
    | 'accessToken'
    | 'refreshToken'
    | 'appClaims'
    | 'now'
    | 'storeNow'
    | 'timeKnown'
  >;
  events: AuthEvents;
  revocations: Revocations;
  ender: SessionEnder;
  issuer: TokenIssuer;
  tokenSize: TokenSize;
  claims: TokenClaims;
}

/** Exchanges refresh tokens, and rotates their sessions. */
export class SessionRotator {
  readonly #services: RotatorServices;

  constructor(services: RotatorServices) {
    this.#services = services;
  }

  /**
   * Exchanges a refresh token for the next pair. Of several that one request has brought, the first that is good; each of the
   * others that is a reuse ends its session.
   * @throws AuthError REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, SESSION_NOT_FOUND
   * @throws TokenTooLongError; the refresh token stays good
   */
  async refresh(presented: string | readonly string[], details: RefreshDetails): Promise<IssuedTokens> {
    const { config } = this.#services;
    const tokens = typeof presented === 'string' ? [presented] : presented;
    // On a machine whose clock is minutes off, a good token would seem to be of the future, or expired.
    await config.timeKnown();
    try {
      const { spent, toExchange } = await refreshCandidates(tokens, config, details.sessionId);
      // First: when the store fails now, nothing has been exchanged, and the next try judges them again.
      for (const claims of spent) await this.#endReused(claims, details);
      return await this.#exchangeFirst(toExchange, details);
    } catch (error) {
      if (failureOf(error).event === 'refreshFailed')
        this.#announceFailure(tokens, error as AuthError, details.origin);
      throw error;
    }
  }

  /** @throws AuthError that says why none of them yields tokens; a reuse says more than an unknown session */
  async #exchangeFirst(all: readonly RefreshClaims[], details: RotationDetails): Promise<IssuedTokens> {
    let failure: unknown;
    for (const claims of all) {
      try {
        return await this.#exchange(claims, details);
      } catch (error) {
        if (!failureOf(error).endsSession) throw error;
        if (failure === undefined || isAuthError(error, 'REFRESH_TOKEN_REUSED')) failure = error;
      }
    }
    throw failure;
  }

  /** A spent token can yield nothing. If it is a replay by the store's own clock, nothing happens. */
  async #endReused(claims: RefreshClaims, details: RotationDetails): Promise<void> {
    try {
      await this.#present(claims, details);
    } catch (error) {
      if (!failureOf(error).endsSession) throw error;
    }
  }

  /**
   * Presents a generation of a session to the store, and issues its successor.
   * @throws AuthError REFRESH_TOKEN_REUSED, SESSION_NOT_FOUND
   * @throws TokenTooLongError; nothing has been exchanged
   */
  async #exchange(claims: RefreshClaims, details: RotationDetails): Promise<IssuedTokens> {
    const { config, events, ender, issuer, tokenSize, claims: ofTokens } = this.#services;
    const { userId, sessionId } = claims;
    const { origin, transport } = details;
    // Before the rotation: if the user store failed after it, the client would be left with an exchanged token.
    const user = await afterChange(config.users, await config.users.findById(userId));
    if (!user) {
      await ender.revoke(userId, sessionId, 'user-gone', origin());
      throw new AuthError('SESSION_NOT_FOUND');
    }
    if (isMarked(user.passwordHash)) throw new AuthError('SESSION_NOT_FOUND');
    // Before the rotation too: a client that never gets the tokens would try again, and look like a thief.
    const surelyFits = !config.appClaims && tokenSize.fitsWithAnyAmr(user, sessionId, transport);
    const asked = surelyFits
      ? await ofTokens.ofFeatures(user)
      : await this.#fittingClaims(user, sessionId, transport);
    const { outcome, session, now } = await this.#present(claims, details);
    const issued = issuer.issue(user, session, now, asked);
    events.announce('refresh', () => ({
      userId,
      sessionId,
      replayed: outcome === 'replayed',
      ...origin(),
    }));
    return issued;
  }

  /** @throws AuthError REFRESH_TOKEN_REUSED, SESSION_NOT_FOUND */
  async #present(
    claims: RefreshClaims,
    { attempt, origin }: RotationDetails,
  ): Promise<Extract<RotateResult, { session: Session }>> {
    const { config, events, revocations } = this.#services;
    const { userId, sessionId, generation } = claims;
    if (revocations.has(userId, sessionId)) {
      // A failover may have lost the end of this session although the store had confirmed it. It ends again.
      await config.refreshTokens.revoke(userId, sessionId);
      throw new AuthError('SESSION_NOT_FOUND');
    }
    const { expiresInSeconds, maxLifetimeSeconds, reuseWindowSeconds } = config.refreshToken;
    const rotation = {
      userId,
      sessionId,
      generation,
      attempt,
      expiresInSeconds,
      maxLifetimeSeconds,
      reuseWindowSeconds,
      origin: originHash(config.refreshToken.keys.signing.key, sessionId, origin()),
      maxElsewhere: MAX_ELSEWHERE,
      now: config.storeNow(),
    };
    const result = await revocations.during({
      userId,
      sessionId,
      reason: 'reuse',
      call: () => config.refreshTokens.rotate(rotation),
      hasEnded: ({ outcome }) => outcome === 'reused',
    });
    switch (result.outcome) {
      case 'unknown':
        if (mayHaveAccessToken(claims, config)) await revocations.announce(userId, sessionId);
        throw new AuthError('SESSION_NOT_FOUND');
      case 'reused':
        revocations.refuse(userId, [sessionId], 'reuse');
        events.announce('reuse', () => ({ userId, sessionId, generation, ...origin() }));
        throw new AuthError('REFRESH_TOKEN_REUSED');
      default:
        if (result.firstElsewhere)
          events.announce('replayedElsewhere', () => ({ userId, sessionId, generation, ...origin() }));
        return result;
    }
  }

  /**
   * Asserts that an access token of this session fits with the user's roles, and with the app's claims.
   * @throws TokenTooLongError; what `askClaims` throws
   */
  async assertTokenFits(user: StoredUser, sessionId: string, transport: Transport): Promise<void> {
    const { config, tokenSize } = this.#services;
    if (config.appClaims || !tokenSize.fitsWithAnyAmr(user, sessionId, transport))
      await this.#fittingClaims(user, sessionId, transport);
  }

  /** @returns undefined where there are no claims, and when there is no such session */
  async #fittingClaims(
    user: StoredUser,
    sessionId: string,
    transport: Transport,
  ): Promise<AskedClaims | undefined> {
    // Only the store knows how the user logged in. That matters only for claims, and close to the limit.
    const session = await this.#services.config.refreshTokens.find(user.id, sessionId);
    return session && this.#services.claims.fitting(user, session, transport);
  }

  #announceFailure(tokens: readonly string[], error: AuthError, origin: LazyOrigin): void {
    const { config, events } = this.#services;
    events.announce('refreshFailed', () => {
      const { keys } = config.refreshToken;
      const named = tokens.map((text) =>
        unlessInvalid(text, (token) => verifyExpiredRefreshToken(token, keys)),
      );
      const claims = named.find((each) => each !== undefined);
      const code = error.code as CodeAnnouncedBy<'refreshFailed'>;
      return { code, userId: claims?.userId, sessionId: claims?.sessionId, ...origin() };
    });
  }
}
