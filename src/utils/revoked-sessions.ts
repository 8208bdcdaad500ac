import { CLOCK_TOLERANCE_SECONDS } from './jwt.js';

/**
 * The sessions that this process has ended, for as long as their access tokens would still verify. It is what makes a
 * logout take effect at once here without asking the store on every request.
 */
export class RevokedSessions {
  readonly #lifetimeMs: number;
  readonly #untilBySession = new Map<string, number>();

  /** @param accessLifetimeSeconds how long an access token lives; the store that dated it may be ahead of us */
  constructor(accessLifetimeSeconds: number) {
    this.#lifetimeMs = (accessLifetimeSeconds + CLOCK_TOLERANCE_SECONDS) * 1000;
  }

  add(sessionIds: readonly string[], nowMs: number): void {
    this.#forget(nowMs);
    for (const sessionId of sessionIds) {
      this.#untilBySession.delete(sessionId); // so that it goes to the end
      this.#untilBySession.set(sessionId, nowMs + this.#lifetimeMs);
    }
  }

  has(sessionId: string): boolean {
    return this.#untilBySession.has(sessionId);
  }

  /** All live equally long, so that the oldest stand first. */
  #forget(nowMs: number): void {
    for (const [sessionId, until] of this.#untilBySession) {
      if (until > nowMs) return;
      this.#untilBySession.delete(sessionId);
    }
  }
}
