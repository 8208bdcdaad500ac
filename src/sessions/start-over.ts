import type { KeyObject } from 'node:crypto';
import { AuthError, isAuthError } from '../errors.js';
import type { RequestOrigin, RevocationReason } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { NewSession, Session } from '../stores/refresh-token-store.js';
import { finishChange, isMarked } from '../stores/unfinished-change.js';
import { activeUser, type StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';
import type { SessionEnder } from './end-sessions.js';
import type { IssuedTokens, TokenIssuer } from './issue-tokens.js';
import { asStored, newSessionOf } from './new-session.js';
import type { Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';
import { derivedSessionId, newSessionId } from './session-id.js';
import type { Proof } from './proof.js';
import type { TokenClaims } from './token-claims.js';

/** Names one request, so the same request again finds the session that it began. */
export interface RepeatableRequest {
  /** The session that the request came from. */
  sessionId: string;
  /** The `Idempotency-Key`. Without one the request can't be repeated. */
  attempt: string | undefined;
  /** What the request has changed, in a form that no other change has: the hash of the new password, with its salt. */
  change: string;
}

export interface StartOverDetails extends Omit<RepeatableRequest, 'sessionId'> {
  reason: RevocationReason;
  origin: RequestOrigin;
  transport: Transport;
  /** What was proved just now. Default: now, by the methods of the session that ends. */
  proof?: Proof | undefined;
  /**
   * Takes the change back after an outage. If it rejects, the change holds, and all sessions end as far as that is possible.
   * Default: there is nothing to take back.
   */
  takeBack?: (() => Promise<unknown>) | undefined;
}

interface StarterOverServices {
  config: Pick<
    SessionConfig,
    'users' | 'refreshTokens' | 'refreshToken' | 'storeUserAgent' | 'now' | 'timeKnown'
  >;
  events: AuthEvents;
  ender: SessionEnder;
  issuer: TokenIssuer;
  revocations: Pick<Revocations, 'has'>;
  claims: TokenClaims;
}

/**
 * Puts out a thief: ends every session of a user, the current one too, and goes on in a new one. A thief who has a copy of the
 * current session's tokens would otherwise be handed the next pair like the user.
 */
export class SessionStarterOver {
  readonly #services: StarterOverServices;

  constructor(services: StarterOverServices) {
    this.#services = services;
  }

  /**
   * Continues a login that has passed the checks before a session, so it doesn't ask them again.
   * @param user as it must still be when the new session is stored. If the hash is marked, the mark goes when the sessions have ended
   * @param previous the session of the request, which must still exist when it ends
   * @throws AuthError SESSION_REVOKED when the user or the password changed meanwhile, or another request ended the session
   * first; SERVICE_UNAVAILABLE
   */
  async startOver(user: StoredUser, previous: Session, details: StartOverDetails): Promise<IssuedTokens> {
    const { claims, config, ender, issuer } = this.#services;
    const { origin, reason, transport } = details;
    await config.timeKnown();
    const now = config.now();
    const next = this.#nextSession(previous, details, now);
    let isStored = false;
    let takeBack = details.takeBack;
    try {
      // This one last: until then an outage leaves the client a session to try again with.
      await ender.revokeAll(user.id, { except: previous.sessionId }, reason, origin);
      isStored = true; // even if the answer gets lost
      await config.refreshTokens.create(next);
      // After the session is stored: a change that comes now ends it, and one that came before is noticed here.
      const current = activeUser(await config.users.findById(user.id));
      if (current?.passwordHash !== user.passwordHash) throw new AuthError('SESSION_REVOKED');
      const asked = claims.exist ? await claims.fitting(current, next, transport) : undefined;
      if (!(await ender.revoke(user.id, previous.sessionId, reason, origin))) {
        await this.#abandon(next, current);
        isStored = false;
        throw new AuthError('SESSION_REVOKED');
      }
      takeBack = () => Promise.reject(new Error('All sessions have ended')); // so the change holds
      const finished = await finishChange(config.users, current);
      if (!finished) throw new AuthError('SESSION_REVOKED'); // a login has, and ended the new session too
      return issuer.issue(finished, asStored(next), new Date(now), asked);
    } catch (error) {
      await this.#giveUp(error, next, isStored, { ...details, takeBack });
      throw error;
    }
  }

  /**
   * Another request has ended the session first, such as a logout: it doesn't come back under another id. All sessions have ended, so
   * the change is finished. In this order, the same request again, which waits for the mark to go, doesn't find the new session.
   */
  async #abandon({ userId, sessionId }: NewSession, user: StoredUser): Promise<void> {
    const { refreshTokens, users } = this.#services.config;
    await refreshTokens.revoke(userId, sessionId);
    await finishChange(users, user);
  }

  /** Nothing here waits for a store that has just failed: the client gets an error, and no one has the new session's tokens. */
  async #giveUp(
    error: unknown,
    { userId, sessionId }: NewSession,
    isStored: boolean,
    { attempt, origin, reason, takeBack }: StartOverDetails,
  ): Promise<void> {
    const { config, ender } = this.#services;
    const isHalfDone = isAuthError(error, 'SERVICE_UNAVAILABLE') && takeBack && (await rejects(takeBack));
    // The change holds, so the sessions go. The same request again finds the new one, and finishes what this doesn't.
    const except = isHalfDone && isStored && attempt !== undefined ? sessionId : undefined;
    const ending = isHalfDone ? ender.revokeAll(userId, { except }, reason, origin) : undefined;
    const undoing = isStored && !isHalfDone ? config.refreshTokens.revoke(userId, sessionId) : undefined;
    for (const each of [ending, undoing]) each?.catch(() => undefined);
  }

  /**
   * The session that the same request has begun, as long as its first tokens are the latest and within the reuse window. Whether
   * it is the same request is for the caller to prove.
   */
  async startedOver(userId: string, request: RepeatableRequest): Promise<Session | undefined> {
    const { refreshTokens, refreshToken, now, timeKnown } = this.#services.config;
    if (request.attempt === undefined) return undefined;
    await timeKnown();
    for (const key of refreshToken.keys.verificationKeys) {
      const session = await refreshTokens.find(userId, this.#derivedId(key, userId, request));
      const age = session && now() - session.createdAt.getTime();
      if (session?.generation === 0 && (age as number) <= refreshToken.reuseWindowSeconds * 1000)
        return session;
    }
    return undefined;
  }

  /** Issues the tokens of that session again, and ends what an outage has left of the others. */
  async repeat(
    user: StoredUser,
    next: Session,
    request: RepeatableRequest,
    { reason, origin, transport }: Pick<StartOverDetails, 'reason' | 'origin' | 'transport'>,
  ): Promise<IssuedTokens> {
    const { claims, config, events, ender, issuer } = this.#services;
    const { sessionId } = next;
    const asked = claims.exist ? await claims.fitting(user, next, transport) : undefined;
    if (isMarked(user.passwordHash) || (await config.refreshTokens.find(user.id, request.sessionId)))
      await ender.revokeAll(user.id, { except: sessionId }, reason, origin);
    await finishChange(config.users, user);
    events.announce('refresh', () => ({ userId: user.id, sessionId, replayed: true, ...origin }));
    return issuer.issue(user, next, next.createdAt, asked);
  }

  #nextSession(previous: Session, details: StartOverDetails, now: number): NewSession {
    const { config } = this.#services;
    const { attempt, change, origin, proof } = details;
    const { userId, sessionId, remember } = previous;
    const { key } = config.refreshToken.keys.signing;
    const nextId =
      attempt === undefined ? newSessionId() : this.#derivedId(key, userId, { sessionId, attempt, change });
    const beginning = {
      userId,
      sessionId: nextId,
      origin,
      remember,
      ...proof,
      amr: proof?.amr ?? previous.amr,
    };
    return newSessionOf(config, beginning, now);
  }

  #derivedId(key: KeyObject, userId: string, { sessionId, attempt, change }: RepeatableRequest): string {
    const parts = ['start over', sessionId, attempt as string, change];
    return derivedSessionId(key, parts, (id) => this.#services.revocations.has(userId, id));
  }
}

/** What takes a change back may fail in the same outage. */
const rejects = (takeBack: () => Promise<unknown>) =>
  takeBack().then(
    () => false,
    () => true,
  );
