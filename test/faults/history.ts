/** What a client asked for. `guard` is a page behind `tokenVerify`, `check` one behind `checkSession`, `theft` an old refresh token that comes back, `password` a login that waits to be hashed. */
export type Kind = 'login' | 'password' | 'refresh' | 'guard' | 'check' | 'logout' | 'revoke' | 'theft';

/** One request and its answer, as a client saw them. Times are milliseconds since the history began. */
export interface Operation {
  kind: Kind;
  /** Which process was asked. */
  app: number;
  startedAt: number;
  endedAt: number;
  /** 0: no answer, because the connection broke. */
  status: number;
  code?: string | undefined;
  /** The session that it is about; unknown for a login that failed. */
  sessionId?: string | undefined;
  /** The refresh token that was presented, and the one that came back: fingerprints, never tokens. */
  presented?: string | undefined;
  successor?: string | undefined;
}

/** What happened to the servers, told beside the operations. */
export interface Mark {
  event: 'fault' | 'repaired';
  at: number;
}

/** The record of a scenario, in the order in which the answers came. */
export class History {
  readonly operations: Operation[] = [];
  readonly marks: Mark[] = [];
  readonly #begin = performance.now();

  now(): number {
    return Math.round(performance.now() - this.#begin);
  }

  add(operation: Operation): void {
    this.operations.push(operation);
  }

  mark(event: Mark['event']): void {
    this.marks.push({ event, at: this.now() });
  }

  /** Of the last one, or undefined if it never came. */
  timeOf(event: Mark['event']): number | undefined {
    return this.marks.findLast((mark) => mark.event === event)?.at;
  }
}
