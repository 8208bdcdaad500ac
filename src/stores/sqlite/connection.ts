import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { serviceUnavailable } from '../../errors.js';
import { isError, isLocked, isOutage } from '../app-table/dialects/sqlite-errors.js';
import { CALL_TIMES } from '../call-times.js';
import type { SqliteDatabase } from './database.js';
import { InUseError, SqliteTransactions, type Statements } from './transactions.js';

/** What the stores' own tables keep: texts, numbers and null. */
export type SqliteValue = string | number | null;

/** A lock is tried again after a random time up to this, so that processes don't keep meeting. */
const TRY_AGAIN_WITHIN_MS = 10;
/** How long `migrate` waits for the file. Start-up may wait. */
const MIGRATE_WITHIN_MS = 10_000;
/** Set in what a migration does, and not for the requests of the same store. */
const migrations = new AsyncLocalStorage<true>();

const USE_WAL = 'PRAGMA journal_mode = WAL';
/** A database in memory has no file that others could lock. */
const WAL_MODES: readonly string[] = ['wal', 'memory'];

/** A developer has to fix a mistake in the schema, so the message says how. */
const MIGRATE_HINT =
  'A table or column of passport-visa is missing: call `await store.migrate()` before the app listens';

/** A call that waits for the file. */
interface WaitingCall {
  readonly giveUpAt: number;
  /** Why the last attempt failed. Undefined: there was none. */
  lock: Error | undefined;
  /** @returns false if the file is locked */
  attempt(): boolean;
  giveUp(): void;
}

/**
 * The app's database. Each call is one transaction that runs from its beginning to its end without a pause. So it needs no lock
 * against other calls of this process, and the app's own statements never get into it. A file that another process has locked
 * is tried again by a timer: SQLite's own waiting (`busy_timeout`) would block the event loop.
 */
export class SqliteConnection {
  readonly #database: SqliteDatabase;
  readonly #transactions: SqliteTransactions;
  /** First come, first served: with one call trying for all, a locked file costs little. */
  readonly #waiting: WaitingCall[] = [];

  /** @param asBigInts whether integers in rows are bigints. Default: numbers, which are exact up to 2^53 */
  constructor(database: SqliteDatabase, { asBigInts = false } = {}) {
    this.#database = database;
    this.#transactions = new SqliteTransactions(database, asBigInts);
  }

  /** Runs a transaction that only reads. In WAL mode it doesn't wait for writers. @throws AuthError SERVICE_UNAVAILABLE */
  read<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#call(() => this.#transactions.run('BEGIN', work), { mayOvertake: true });
  }

  /** Runs a transaction that writes. It rolls back if `work` throws. @throws AuthError SERVICE_UNAVAILABLE */
  write<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#call(() => this.#transactions.run('BEGIN IMMEDIATE', work));
  }

  /**
   * Runs a transaction that writes, for work that awaits its own statements and nothing else. It begins in a turn of the event loop
   * of its own, so all of it is done before any other code runs: the app's statements don't get into it here either. Does not wait
   * for locks.
   */
  writeAsync<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      setImmediate(() => this.#transactions.runInOneTurn(work).then(resolve, reject));
    });
  }

  /** Runs the statements of a schema. */
  create(schema: string): Promise<unknown> {
    return this.#call(() => this.#transactions.run('BEGIN IMMEDIATE', () => this.#database.exec(schema)));
  }

  /**
   * Switches the file to WAL, where readers and a writer don't wait for each other, and stays in it. Then does what `work` does.
   * Each call waits for a locked file for 10 seconds.
   */
  migrate(work: () => Promise<unknown>): Promise<void> {
    return migrations.run(true, async () => {
      await this.#useWal();
      await work();
    });
  }

  async #useWal(): Promise<void> {
    const useWal = () => {
      try {
        return this.#transactions.withoutWaiting(({ rows }) => rows<{ journal_mode: string }>(USE_WAL));
      } catch (error) {
        throw isError(error) ? new InUseError(error) : error; // not inside a transaction
      }
    };
    const [mode] = await this.#call(useWal);
    if (mode && !WAL_MODES.includes(mode.journal_mode))
      throw new Error(
        `The file of SQLite can't be switched to WAL, and stays in the mode ${mode.journal_mode}: keep it on a disk of this machine`,
      );
  }

  #call<T>(attempt: () => T, { mayOvertake = false } = {}): Promise<T> {
    const waitMs = migrations.getStore() ? MIGRATE_WITHIN_MS : CALL_TIMES.ready;
    return new Promise((resolve, reject) => {
      const call: WaitingCall = {
        giveUpAt: performance.now() + waitMs,
        lock: undefined,
        attempt: () => {
          try {
            resolve(attempt());
          } catch (error) {
            if (isLocked(error) || error instanceof InUseError) {
              call.lock = error as Error;
              return false;
            }
            reject(this.#judged(error));
          }
          return true;
        },
        giveUp: () => reject(serviceUnavailable(call.lock ?? new Error('The file of SQLite is locked'))),
      };
      if ((mayOvertake || this.#waiting.length === 0) && call.attempt()) return;
      this.#waiting.push(call);
      if (this.#waiting.length === 1) void this.#serveWaiting();
    });
  }

  #judged(error: unknown): Error {
    if (isError(error)) return new Error(MIGRATE_HINT, { cause: error });
    if (!isOutage(error)) return error as Error;
    this.#transactions.forgetStatements();
    return serviceUnavailable(error);
  }

  /** One call at a time and not all at once, so that other work of the process goes on between them. */
  async #serveWaiting(): Promise<void> {
    for (;;) {
      await (this.#waiting[0]?.lock ? sleep(Math.random() * TRY_AGAIN_WITHIN_MS) : nextTurn());
      this.#giveUpLateCalls();
      if (this.#waiting[0]?.attempt()) this.#waiting.shift();
      if (this.#waiting.length === 0) return;
    }
  }

  /** Before the next attempt: a call whose caller has got 503 must change nothing. */
  #giveUpLateCalls(): void {
    const now = performance.now();
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1)
      if ((this.#waiting[at] as WaitingCall).giveUpAt <= now) this.#waiting.splice(at, 1)[0]?.giveUp();
  }
}
