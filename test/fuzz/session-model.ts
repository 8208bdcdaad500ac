import type { NewSession, RotateRequest, Session } from '../../src';

type Rotated =
  | { outcome: 'rotated' | 'replayed'; session: Session; firstElsewhere?: true }
  | { outcome: 'reused' | 'unknown' };

/** Where the rotation to the latest generation came from, and every generation that was replayed from elsewhere. */
interface Origins {
  rotatedFrom: string | undefined;
  elsewhere: number[];
}

/** What a session store must do, by DESIGN section 4, written as simply as possible. It shares no code with `src`. */
export class SessionModel {
  readonly #sessions = new Map<string, Session>();
  readonly #origins = new Map<string, Origins>();
  /** Every session that was ever created. */
  readonly known: { userId: string; sessionId: string }[] = [];

  constructor(
    readonly users: readonly string[],
    /** Milliseconds since 1970. */
    public now: number,
  ) {}

  create(session: NewSession): void {
    this.#sessions.set(session.sessionId, { ...session, generation: 0, rotatedAt: session.createdAt });
    this.known.push(session);
  }

  rotate({ userId, sessionId, generation, ...request }: RotateRequest): Rotated {
    const session = this.find(userId, sessionId);
    if (!session) return { outcome: 'unknown' };
    if (generation > session.generation) {
      session.generation = generation;
      session.rotatedAt = new Date(this.now);
      session.attempt = request.attempt;
      const elsewhere = this.#origins.get(sessionId)?.elsewhere ?? [];
      this.#origins.set(sessionId, { rotatedFrom: request.origin, elsewhere });
      const renewed = this.now + request.expiresInSeconds * 1000;
      const longest = session.createdAt.getTime() + request.maxLifetimeSeconds * 1000;
      session.expiresAt = new Date(Math.min(renewed, longest));
      return { outcome: 'rotated', session };
    }
    const isLatest = generation === session.generation;
    const isSameAttempt = request.attempt !== undefined && request.attempt === session.attempt;
    const age = this.now - session.rotatedAt.getTime();
    if (isLatest && (isSameAttempt || age <= request.reuseWindowSeconds * 1000)) {
      const { rotatedFrom, elsewhere } = this.#origins.get(sessionId) ?? { rotatedFrom: '', elsewhere: [] };
      const isElsewhere = !isSameAttempt && rotatedFrom && request.origin && rotatedFrom !== request.origin;
      if (!isElsewhere || elsewhere.includes(generation)) return { outcome: 'replayed', session };
      elsewhere.push(generation);
      const isFirst = elsewhere.length === 1;
      const last = Array.from({ length: request.maxElsewhere ?? 0 }, (_, n) => generation - n);
      if (last.length === 0 || !last.every((each) => elsewhere.includes(each)))
        return { outcome: 'replayed', session, ...(isFirst && { firstElsewhere: true }) };
    }
    this.#sessions.delete(sessionId);
    return { outcome: 'reused' };
  }

  find(userId: string, sessionId: string): Session | undefined {
    return this.list(userId).find((session) => session.sessionId === sessionId);
  }

  list(userId: string): Session[] {
    return [...this.#sessions.values()].filter(
      (session) => session.userId === userId && session.expiresAt.getTime() > this.now,
    );
  }

  revoke(userId: string, sessionId: string): boolean {
    return this.find(userId, sessionId) !== undefined && this.#sessions.delete(sessionId);
  }

  revokeAll(userId: string, except?: string): string[] {
    const ids = this.list(userId).map(({ sessionId }) => sessionId);
    return ids.filter((sessionId) => sessionId !== except && this.#sessions.delete(sessionId));
  }
}
