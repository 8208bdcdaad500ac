import { compactCopy } from '../utils/compact-copy.js';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';

/** Looking for what may be forgotten costs as much as was forgotten before, so that it isn't done for each revocation. */
const FORGET_INTERVAL_MS = 1000;

/**
 * The sessions that this process has ended, for as long as their access tokens would still verify. It is what makes a
 * logout take effect at once here without asking the store on every request.
 */
export class RevokedSessions {
  readonly #lifetimeMs: number;
  /** By user and session: who names somebody else's session must not shut them out. */
  readonly #untilBySession = new Map<string, number>();
  #forgotAt = 0;

  /** @param accessLifetimeSeconds how long an access token lives; the store that dated it may be ahead of us */
  constructor(accessLifetimeSeconds: number) {
    this.#lifetimeMs = (accessLifetimeSeconds + CLOCK_TOLERANCE_SECONDS) * 1000;
  }

  add(userId: string, sessionIds: readonly string[], nowMs: number): void {
    if (Math.abs(nowMs - this.#forgotAt) >= FORGET_INTERVAL_MS) this.#forget(nowMs);
    for (const sessionId of sessionIds) {
      const key = keyOf(userId, sessionId);
      // No session comes back, so that no token of it is younger than the first time it was named.
      if (!this.#untilBySession.has(key))
        this.#untilBySession.set(compactCopy(key), nowMs + this.#lifetimeMs);
    }
  }

  has(userId: string, sessionId: string): boolean {
    return this.#untilBySession.has(keyOf(userId, sessionId));
  }

  /** `has`, and forgets it. */
  take(userId: string, sessionId: string): boolean {
    return this.#untilBySession.delete(keyOf(userId, sessionId));
  }

  /** All live equally long, so that the oldest stand first. */
  #forget(nowMs: number): void {
    this.#forgotAt = nowMs;
    for (const [sessionId, until] of this.#untilBySession) {
      if (until > nowMs) return;
      this.#untilBySession.delete(sessionId);
    }
  }
}

/** Session ids have no slash. */
function keyOf(userId: string, sessionId: string): string {
  return `${sessionId}/${userId}`;
}
