import type { RevocationReason } from '../events/auth-event.js';

/** Why a session ended: as in the event `revoked`, or `reuse` where a refresh token came back after it had been exchanged. */
export type SessionEndReason = RevocationReason | 'reuse';

/** What `auth.sessions.onEnd` calls its listeners with. */
export interface SessionEnd {
  readonly userId: string;
  readonly sessionId: string;
  /** Missing in processes that didn't end the session themselves: the log of revocations has no reasons. */
  readonly reason?: SessionEndReason;
}

/** A listener of `auth.sessions.onEnd`. What it returns is ignored. If it throws or rejects, the process gets a warning. */
export type SessionEndListener = (end: SessionEnd) => unknown;

/** A call of the store that may end a session. */
export interface EndingCall<T> {
  readonly userId: string;
  /** Undefined: any session of the user. */
  readonly sessionId?: string | undefined;
  /** The reason, if the call has ended the session. */
  readonly reason: SessionEndReason;
  readonly call: () => Promise<T>;
  /** Whether it has. Default: true. */
  readonly hasEnded?: (result: T) => boolean;
}

/** Such a call, while it is under way. */
interface UnderWay {
  readonly reason: SessionEndReason;
  readonly sessionId: string | undefined;
  /** Whether the session was reported to have ended meanwhile. */
  isReported: boolean;
}

/** Tells listeners in this process which sessions have ended. Without a listener it does nothing. */
export class SessionEnds {
  readonly #listeners = new Set<{ readonly listener: SessionEndListener }>();
  readonly #underWay = new Map<string, Set<UnderWay>>();

  /** @returns a function that ends it */
  listen(listener: SessionEndListener): () => void {
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /**
   * Calls the store, and remembers the reason meanwhile: before the call returns, the store may report what it ends to its
   * followers, this process too. If the call names a session, the listeners learn of its end after the call, when it is known
   * whether that was the reason: another process may have ended it at the same time.
   */
  during<T>(ending: EndingCall<T>): Promise<T> {
    return this.#listeners.size === 0 ? ending.call() : this.#during(ending);
  }

  async #during<T>({ userId, sessionId, reason, call, hasEnded = () => true }: EndingCall<T>): Promise<T> {
    const calls = this.#underWay.get(userId) ?? new Set();
    const own: UnderWay = { reason, sessionId, isReported: false };
    this.#underWay.set(userId, calls.add(own));
    let known: SessionEndReason | undefined;
    try {
      const result = await call();
      if (hasEnded(result)) known = reason;
      return result;
    } finally {
      calls.delete(own);
      if (calls.size === 0) this.#underWay.delete(userId);
      if (own.isReported) this.#tell(userId, sessionId as string, known);
    }
  }

  /** @param sessionIds of sessions that this process didn't know to have ended */
  announce(userId: string, sessionIds: readonly string[], reason?: SessionEndReason): void {
    if (this.#listeners.size === 0) return;
    const calls = reason ? [] : [...(this.#underWay.get(userId) ?? [])];
    for (const sessionId of sessionIds) {
      const call = calls.find((each) => each.sessionId === sessionId);
      if (call) call.isReported = true;
      else
        this.#tell(userId, sessionId, reason ?? calls.find((each) => each.sessionId === undefined)?.reason);
    }
  }

  #tell(userId: string, sessionId: string, reason: SessionEndReason | undefined): void {
    const end: SessionEnd = Object.freeze({ userId, sessionId, ...(reason && { reason }) });
    for (const entry of [...this.#listeners]) {
      // A listener that was called before may have ended this one.
      if (this.#listeners.has(entry)) callListener(entry.listener, end);
    }
  }
}

/** Called inside the promise: a listener that throws and one that rejects end alike. */
function callListener(listener: SessionEndListener, end: SessionEnd): void {
  new Promise((resolve) => resolve(listener(end))).catch((error: unknown) => {
    process.emitWarning(
      `A listener of auth.sessions.onEnd() failed: ${String(error)}`,
      'PassportVisaWarning',
    );
  });
}
