import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { serviceUnavailable } from '../../errors.js';
import { isProgrammingError } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';
import { isClosed, prepare, type SqliteDatabase, type SqliteStatement } from './database.js';
import { isError, isLocked, isOutage } from './errors.js';

/** What SQLite keeps: texts, numbers and null. */
export type SqliteValue = string | number | null;

/** Statements inside one transaction. Values stand as `?` in their texts. */
export interface Statements {
  /** Also for statements with RETURNING. */
  readonly rows: <Row>(sql: string, ...values: SqliteValue[]) => Row[];
  /** @returns how many rows it inserted, changed or deleted */
  readonly run: (sql: string, ...values: SqliteValue[]) => number;
}

/** A lock is tried again after a random time up to this, so that processes don't keep meeting. */
const TRY_AGAIN_WITHIN_MS = 10;
/** How long `migrate` waits for the file. Start-up may wait. */
const MIGRATE_WITHIN_MS = 10_000;

const USE_WAL = 'PRAGMA journal_mode = WAL';
/** A database in memory has no file that others could lock. */
const WAL_MODES: readonly string[] = ['wal', 'memory'];

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
  readonly #statements = new Map<string, SqliteStatement>();
  /** First come, first served: with one call trying for all, a locked file costs little. */
  readonly #waiting: WaitingCall[] = [];

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** Runs a transaction that only reads. In WAL mode it doesn't wait for writers. @throws AuthError SERVICE_UNAVAILABLE */
  read<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#call(() => this.#transaction('BEGIN', work), { mayOvertake: true });
  }

  /** Runs a transaction that writes. It rolls back if `work` throws. @throws AuthError SERVICE_UNAVAILABLE */
  write<T>(work: (statements: Statements) => T): Promise<T> {
    return this.#call(() => this.#transaction('BEGIN IMMEDIATE', work));
  }

  /** Switches the file to WAL, which SQLite doesn't do in a transaction, and then runs the statements of a schema. */
  async migrate(schema: string): Promise<void> {
    const waitMs = MIGRATE_WITHIN_MS;
    const useWal = () => this.#withoutWaiting(() => this.#rows<{ journal_mode: string }>(USE_WAL));
    const [mode] = await this.#call(useWal, { waitMs });
    if (mode && !WAL_MODES.includes(mode.journal_mode))
      throw new Error(
        `The file of SQLite can't be switched to WAL, and stays in the mode ${mode.journal_mode}: keep it on a disk of this machine`,
      );
    await this.#call(() => this.#transaction('BEGIN IMMEDIATE', () => this.#database.exec(schema)), {
      waitMs,
    });
  }

  #call<T>(
    attempt: () => T,
    { mayOvertake = false, waitMs = CALL_TIMES.ready }: { mayOvertake?: boolean; waitMs?: number } = {},
  ): Promise<T> {
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
    if (!isOutage(error)) return error as Error;
    this.#statements.clear(); // the app may have closed the database and opened it again
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

  #transaction<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: (statements: Statements) => T): T {
    return this.#withoutWaiting(() => {
      this.#begin(begin);
      try {
        const result = work(this.#inside);
        this.#run('COMMIT');
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  /** @throws InUseError when the app uses this connection for something that it has not finished */
  #begin(begin: string): void {
    try {
      this.#run(begin);
    } catch (error) {
      // SQLite has transactions inside each other for nobody; better-sqlite3 refuses to write while the app reads row by row.
      if (isError(error) || isProgrammingError(error)) throw new InUseError(error);
      throw error;
    }
  }

  /** Some errors, such as a full disk, have rolled back already. */
  #rollBack(): void {
    try {
      this.#run('ROLLBACK');
    } catch {
      return;
    }
  }

  /** The app's `busy_timeout` is another one only inside this call, which no other code can interrupt. */
  #withoutWaiting<T>(work: () => T): T {
    if (isClosed(this.#database))
      throw serviceUnavailable(new Error('The app has closed its database of SQLite'));
    const [setting] = this.#rows<{ timeout: number }>('PRAGMA busy_timeout');
    if (!setting?.timeout) return work();
    this.#rows('PRAGMA busy_timeout = 0');
    try {
      return work();
    } finally {
      this.#rows(`PRAGMA busy_timeout = ${setting.timeout}`);
    }
  }

  // Copied, because under Jest the drivers' lists are of another Array than a test's, and equal none of its own.
  readonly #rows = <Row>(sql: string, ...values: SqliteValue[]) =>
    Array.from(this.#prepared(sql).all(...values) as Row[]);
  readonly #run = (sql: string, ...values: SqliteValue[]) =>
    Number(this.#prepared(sql).run(...values).changes);
  readonly #inside: Statements = {
    rows: (sql, ...values) => withMigrateHint(() => this.#rows(sql, ...values)),
    run: (sql, ...values) => withMigrateHint(() => this.#run(sql, ...values)),
  };

  #prepared(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = prepare(this.#database, sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The app has a transaction open on the connection. Waiting for its end, our statements can't be rolled back with it. */
class InUseError extends Error {
  override readonly name = 'InUseError';

  constructor(cause: unknown) {
    super('The app has not finished a transaction on its database of SQLite', { cause });
  }
}

/** A developer has to fix a mistake in the schema, so the message says how. */
function withMigrateHint<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isError(error)) throw error;
    throw new Error(
      'A table or column of passport-visa is missing: call `await store.migrate()` before the app listens',
      { cause: error },
    );
  }
}
