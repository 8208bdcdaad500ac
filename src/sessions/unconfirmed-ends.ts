import { lru } from 'tiny-lru';

/** Anyone who is logged in can name sessions that never existed, so both numbers are limited. */
const MAX_USERS = 10_000;
const MAX_SESSIONS_OF_A_USER = 100;

/** Sessions whose end got 503 after the store had been asked. The store may have ended them all the same. */
export class UnconfirmedEnds {
  readonly #byUser: ReturnType<typeof lru<Set<string>>>;

  /** @param lifetimeSeconds how long an end matters: as long as access tokens are valid */
  constructor(lifetimeSeconds: number) {
    this.#byUser = lru<Set<string>>(MAX_USERS, lifetimeSeconds * 1000);
  }

  add(userId: string, sessionId: string): void {
    const sessions = this.#byUser.get(userId) ?? new Set<string>();
    sessions.add(sessionId);
    // A Set keeps the order of its entries.
    const [oldest] = sessions;
    if (sessions.size > MAX_SESSIONS_OF_A_USER) sessions.delete(oldest as string);
    this.#byUser.set(userId, sessions);
  }

  /** Whether the session's end is unconfirmed. It is no longer from now on. */
  take(userId: string, sessionId: string): boolean {
    return this.#byUser.get(userId)?.delete(sessionId) ?? false;
  }
}
