import { compactCopy } from '../utils/compact-copy.js';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';

/** Finding expired entries means walking past them, so it isn't done at every revocation. */
const FORGET_INTERVAL_MS = 1000;

/**
 * The sessions that have ended, kept for as long as their access tokens would still verify. With this list a logout takes
 * effect at once without a question to the store at every request. Callers pass monotonic time.
 */
export class RevokedSessions {
  readonly #lifetimeMs: number;
  /** By user and session: naming another user's session must not end it. */
  readonly #untilBySession = new Map<string, number>();
  #forgotAt = 0;

  /** @param accessLifetimeSeconds how long an access token lives; the clock that dated it may be ahead of ours */
  constructor(accessLifetimeSeconds: number) {
    this.#lifetimeMs = (accessLifetimeSeconds + CLOCK_TOLERANCE_SECONDS) * 1000;
  }

  add(userId: string, sessionIds: readonly string[], nowMs: number): void {
    if (Math.abs(nowMs - this.#forgotAt) >= FORGET_INTERVAL_MS) this.#forget(nowMs);
    for (const sessionId of sessionIds) {
      const key = keyOf(userId, sessionId);
      // A session never comes back, so none of its tokens is younger than the first time it was added.
      if (!this.#untilBySession.has(key))
        this.#untilBySession.set(compactCopy(key), nowMs + this.#lifetimeMs);
    }
  }

  has(userId: string, sessionId: string): boolean {
    return this.#untilBySession.has(keyOf(userId, sessionId));
  }

  /** All entries live equally long, so the oldest come first. */
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
