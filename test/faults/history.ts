/**
 * What a client asked for. `guard` is a page behind `tokenVerify`, `check` one behind `checkSession`, `theft` an old refresh token
 * that is presented again, `password` a login with a password that has to be hashed.
 */
export type Kind = 'login' | 'password' | 'refresh' | 'guard' | 'check' | 'logout' | 'revoke' | 'theft';

/** One request and its answer, as the client saw them. Times are in milliseconds since the history began. */
export interface Operation {
  kind: Kind;
  /** Which process was asked. */
  app: number;
  startedAt: number;
  endedAt: number;
  /** 0: no answer, because the connection broke. */
  status: number;
  code?: string | undefined;
  /** The session that the request is about. Unknown for a failed login. */
  sessionId?: string | undefined;
  /** The refresh token that was presented, and the one in the answer: fingerprints, never tokens. */
  presented?: string | undefined;
  successor?: string | undefined;
}

/** What happened to the servers in the meantime. */
export interface Mark {
  event: 'fault' | 'repaired';
  at: number;
}

/** The record of a scenario, in the order of the answers. */
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

  /** The time of the last such event. Undefined if there was none. */
  timeOf(event: Mark['event']): number | undefined {
    return this.marks.findLast((mark) => mark.event === event)?.at;
  }
}
