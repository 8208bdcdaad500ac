import { compactCopy } from '../utils/compact-copy.js';
import { CLOCK_TOLERANCE_SECONDS } from '../tokens/jwt.js';

/** Finding expired entries means walking past them, so it isn't done at every revocation. */
const FORGET_INTERVAL_MS = 1000;

/**
 * A log that is read again may still have entries that are older than access tokens: Redis trims a stream in blocks of a hundred.
 * So many sessions that were forgotten last are not taken for new ones.
 */
const FORGOTTEN_KEPT = 1000;

/**
 * The sessions that have ended, kept for as long as their access tokens would still verify. With this list a logout takes
 * effect at once without a question to the store at every request. Callers pass monotonic time.
 */
export class RevokedSessions {
  readonly #lifetimeMs: number;
  /** By user and session: naming another user's session must not end it. */
  readonly #untilBySession = new Map<string, number>();
  readonly #forgotten = new Set<string>();
  #forgotAt = 0;

  /** @param accessLifetimeSeconds how long an access token lives; the clock that dated it may be ahead of ours */
  constructor(accessLifetimeSeconds: number) {
    this.#lifetimeMs = (accessLifetimeSeconds + CLOCK_TOLERANCE_SECONDS) * 1000;
  }

  /** @returns those that are new */
  add(userId: string, sessionIds: readonly string[], nowMs: number): string[] {
    if (Math.abs(nowMs - this.#forgotAt) >= FORGET_INTERVAL_MS) this.#forget(nowMs);
    const added: string[] = [];
    for (const sessionId of sessionIds) {
      const key = keyOf(userId, sessionId);
      // A session never comes back, so none of its tokens is younger than the first time it was added.
      if (this.#untilBySession.has(key)) continue;
      this.#untilBySession.set(compactCopy(key), nowMs + this.#lifetimeMs);
      if (!this.#forgotten.has(key)) added.push(sessionId);
    }
    return added;
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
      this.#forgotten.add(sessionId);
      // A Set keeps the order of its entries.
      const [oldest] = this.#forgotten;
      if (this.#forgotten.size > FORGOTTEN_KEPT) this.#forgotten.delete(oldest as string);
    }
  }
}

/** Session ids have no slash. */
function keyOf(userId: string, sessionId: string): string {
  return `${sessionId}/${userId}`;
}
