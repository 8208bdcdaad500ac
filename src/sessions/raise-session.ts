import { AuthError, serviceUnavailable } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { Session } from '../stores/refresh-token-store.js';
import { isMarked } from '../stores/unfinished-change.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';
import { digestOf } from '../utils/digest.js';
import { amrAfter, type HasFactor } from './amr-after.js';
import type { IssuedTokens, TokenIssuer } from './issue-tokens.js';
import { originHash } from './origin-hash.js';
import type { Proof } from './proof.js';
import type { SessionConfig } from './session-config.js';
import type { TokenClaims } from './token-claims.js';
import type { TokenSize } from './token-size.js';

/**
 * Generations come in blocks, and each raise begins the next block. No token of its first generation was ever handed out, and all
 * tokens from before are older, even those that a failover has made the store forget. So there is nothing to replay: an old token is a
 * reuse, and never yields what the session is raised to. In 30 days a session could refresh every two seconds within its block.
 */
const BLOCK = 2 ** 20;

/** How often another request may raise the session first. */
const MAX_TRIES = 5;

/** A new proof, and the request that brings it. */
export interface RaiseDetails extends Proof {
  origin: RequestOrigin;
  transport: Transport;
  /** Names the request, so the same request again gets the same tokens. Default: it can't be repeated. */
  attempt?: string | undefined;
}

interface RaiserServices {
  config: Pick<SessionConfig, 'refreshTokens' | 'refreshToken' | 'now' | 'storeNow' | 'timeKnown'>;
  events: AuthEvents;
  issuer: TokenIssuer;
  tokenSize: TokenSize;
  claims: TokenClaims;
  hasFactor: readonly HasFactor[];
}

/** Gives sessions a new proof of who their user is: another `authTime` and `amr` in the same session. */
export class SessionRaiser {
  readonly #services: RaiserServices;

  constructor(services: RaiserServices) {
    this.#services = services;
  }

  /** @throws TypeError that names `caller`, if the store can't raise sessions */
  assertRaises(caller: string): void {
    if (typeof this.#services.config.refreshTokens.raise === 'function') return;
    throw new TypeError(
      `${caller} needs refreshTokens to have the method raise(): take a store of this package, or add the method to yours`,
    );
  }

  /**
   * Raises a session for a user who has just proved who they are. Its tokens from before are good for nothing from then on.
   * @param session as it was found before the user proved it: of parallel calls that have found the same, one raises it
   * @returns undefined if another request has raised it since
   * @throws AuthError SESSION_REVOKED when it has ended; SERVICE_UNAVAILABLE
   * @throws what `askClaims` throws; TokenTooLongError. Nothing has changed then
   */
  async raise(user: StoredUser, session: Session, details: RaiseDetails): Promise<IssuedTokens | undefined> {
    const { config, events, hasFactor, issuer } = this.#services;
    const { userId, sessionId } = session;
    const { attempt, origin, transport } = details;
    // The process of a new password was killed: no session of the user goes on.
    if (isMarked(user.passwordHash)) throw new AuthError('SESSION_REVOKED');
    const amr = await amrAfter(details.amr, session, hasFactor);
    await config.timeKnown();
    const now = config.now();
    // Where another clock is ahead, the proof is not younger than now.
    const authTime = new Date(Math.min(details.authTime?.getTime() ?? now, now));
    // Before the store is asked: a client that never gets the tokens would be left with spent ones.
    const asked = await this.#fittingClaims(user, { sessionId, authTime, amr }, transport);
    const { expiresInSeconds, maxLifetimeSeconds, keys } = config.refreshToken;
    const result = await config.refreshTokens.raise?.({
      userId,
      sessionId,
      generation: (proofsOf(session) + 1) * BLOCK,
      attempt,
      authTime,
      amr,
      expiresInSeconds,
      maxLifetimeSeconds,
      origin: originHash(keys.signing.key, sessionId, origin),
      now: config.storeNow(),
    });
    if (result?.outcome === 'outrun') return undefined;
    if (!result || result.outcome === 'unknown') throw new AuthError('SESSION_REVOKED');
    if (result.outcome === 'replayed') return this.repeat(user, result.session, transport);
    events.announce('reauthenticated', () => ({ userId, sessionId, amr, ...origin }));
    return issuer.issue(user, result.session, result.now, asked);
  }

  /**
   * Raises a session by a proof that isn't used up, such as a password. Of parallel calls that prove the same, one raises it, and all
   * get the same tokens: after a double click the browser keeps either answer.
   * @throws as `raise`
   */
  async raiseOrJoin(user: StoredUser, found: Session, details: RaiseDetails): Promise<IssuedTokens> {
    const { config, hasFactor } = this.#services;
    let session: Session | undefined = found;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const issued = await this.raise(user, session, details);
      if (issued) return issued;
      session = await config.refreshTokens.find(found.userId, found.sessionId);
      if (!session) throw new AuthError('SESSION_REVOKED');
      const amr = await amrAfter(details.amr, session, hasFactor);
      if (session.amr?.join() === amr?.join()) return this.repeat(user, session, details.transport);
    }
    throw serviceUnavailable(new Error('The session was raised at the same moment, again and again'));
  }

  /** The latest tokens of a session, for a request that has proved it as the one that raised it did. */
  async repeat(user: StoredUser, session: Session, transport: Transport): Promise<IssuedTokens> {
    const { config, issuer } = this.#services;
    const asked = await this.#fittingClaims(user, session, transport);
    return issuer.issue(user, session, new Date(config.now()), asked);
  }

  /** @throws TokenTooLongError; what `askClaims` throws */
  async #fittingClaims(
    user: StoredUser,
    session: Pick<Session, 'sessionId' | 'authTime' | 'amr'>,
    transport: Transport,
  ) {
    const { claims, tokenSize } = this.#services;
    if (claims.exist) return claims.fitting(user, session, transport);
    tokenSize.assertTokenFits(user, session, transport);
    return undefined;
  }
}

/** How often a session has been raised. */
function proofsOf({ generation }: Session): number {
  return Math.floor(generation / BLOCK);
}

/**
 * Names what a session has been raised to so far. It stays the same over refreshes, and changes when the session is raised: what is
 * used up under this name is used up for one raise.
 */
export function nameOfLogin(session: Session): string {
  return digestOf(`passport-visa login\n${proofsOf(session)}\n${session.sessionId}`);
}
