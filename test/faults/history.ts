import { waitedForProcessor } from '../helpers/within';

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
  /** What the processes had waited for a processor when it started and when it ended. Default: nothing, as on an idle machine. */
  waited?: { before: Waits; after: Waits };
  /** 0: no answer, because the connection broke. */
  status: number;
  code?: string | undefined;
  /** The session that the request is about. Unknown for a failed login. */
  sessionId?: string | undefined;
  /** The refresh token that was presented, and the one in the answer: fingerprints, never tokens. */
  presented?: string | undefined;
  successor?: string | undefined;
}

/** How long each process of the app, by its number, and the clients had waited for a processor altogether. In milliseconds. */
export interface Waits {
  readonly clients: number;
  readonly apps: readonly number[];
}

export function isFailure({ status }: Operation): boolean {
  return status === 503 || status === 0;
}

/** A process that waited so long may have given up a server that was there. */
const BUSY_MS = 150;
/** How many of a hundred operations may fail for that. More are no moment of a busy machine. */
const MOST_EXCUSED_PERCENT = 5;

/** The failures of operations that no server may fail. Few of them are excused, and only if their processes waited for a processor. */
export function failuresOfServers(operations: readonly Operation[]): Operation[] {
  const failures = operations.filter(isFailure);
  if (100 * failures.length > MOST_EXCUSED_PERCENT * operations.length) return failures;
  return failures.filter((each) => waitedMs(each) < BUSY_MS);
}

/** What is later than this is late on a busy machine too. */
const MOST_WAITED_MS = 2000;

/** How long an answer took, but for what the client and the process that it asked waited for a processor. */
export function tookMs(operation: Operation): number {
  return operation.endedAt - operation.startedAt - Math.min(waitedMs(operation), MOST_WAITED_MS);
}

function waitedMs({ app, waited }: Operation): number {
  if (!waited) return 0;
  return waited.after.clients - waited.before.clients + waitOf(app, waited.before, waited.after);
}

/** How long a process of the app waited for a processor from one moment to a later one, as far as that counts. */
export function appWaitedMs(app: number, earlier: Waits, later: Waits): number {
  return Math.min(waitOf(app, earlier, later), MOST_WAITED_MS);
}

function waitOf(app: number, earlier: Waits, later: Waits): number {
  return (later.apps[app] ?? 0) - (earlier.apps[app] ?? 0);
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
  readonly #pids: () => readonly number[];
  /** Of each process of the app, those before it and itself. */
  readonly #waits: Map<number, number>[] = [];

  /** @param pids the processes of the app. Default: none is watched */
  constructor(pids: () => readonly number[] = () => []) {
    this.#pids = pids;
  }

  /** Never less than before, even if a process has ended and another one has its place. */
  waits(): Waits {
    const apps = this.#pids().map((pid, app) => {
      const waits = (this.#waits[app] ??= new Map<number, number>());
      waits.set(pid, Math.max(waits.get(pid) ?? 0, waitedForProcessor(pid)));
      return [...waits.values()].reduce((sum, each) => sum + each, 0);
    });
    return { clients: waitedForProcessor(), apps };
  }

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
