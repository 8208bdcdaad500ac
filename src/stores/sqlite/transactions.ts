import { serviceUnavailable } from '../../errors.js';
import { isError } from '../app-table/dialects/sqlite-errors.js';
import { isProgrammingError } from '../bounded-calls.js';
import { isClosed, prepare, type SqliteDatabase, type SqliteStatement } from './database.js';

/** Statements inside one transaction. Values stand as `?` in their texts. */
export interface Statements {
  /** Also for statements with RETURNING. */
  readonly rows: <Row>(sql: string, ...values: readonly unknown[]) => Row[];
  /** @returns how many rows it inserted, changed or deleted */
  readonly run: (sql: string, ...values: readonly unknown[]) => number;
}

/**
 * Transactions on the app's database, without SQLite's own waiting for locks, and with the app's settings as they were when they
 * have ended. No other code runs in between.
 */
export class SqliteTransactions {
  readonly #database: SqliteDatabase;
  readonly #asBigInts: boolean;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase, asBigInts: boolean) {
    this.#database = database;
    this.#asBigInts = asBigInts;
  }

  /** Prepares its statements again: the app may have closed the database and opened it again. */
  forgetStatements(): void {
    this.#statements.clear();
  }

  /** Rolls back if `work` throws. */
  run<T>(begin: 'BEGIN' | 'BEGIN IMMEDIATE', work: (statements: Statements) => T): T {
    return this.withoutWaiting((inside) => {
      this.#begin(begin);
      try {
        const result = work(inside);
        this.#run('COMMIT');
        return result;
      } catch (error) {
        this.#rollBack();
        throw error;
      }
    });
  }

  /** For work that awaits its own statements and nothing else. Call it where no other promise can be pending: in a new turn. */
  async runInOneTurn<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    const restoreTimeout = this.#stopWaiting();
    let isOpen = false;
    const whileOpen = <R>(call: () => R): R => {
      if (isOpen) return call();
      throw new Error('A transaction of SQLite has waited for something else, and was rolled back');
    };
    const end = () => {
      if (isOpen) this.#rollBack();
      isOpen = false;
      restoreTimeout();
    };
    const overdue = setImmediate(end);
    try {
      this.#begin('BEGIN IMMEDIATE');
      isOpen = true;
      const result = await work({
        rows: (sql, ...values) => whileOpen(() => this.#inside.rows(sql, ...values)),
        run: (sql, ...values) => whileOpen(() => this.#inside.run(sql, ...values)),
      });
      whileOpen(() => this.#run('COMMIT'));
      isOpen = false;
      return result;
    } finally {
      clearImmediate(overdue);
      end();
    }
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
  withoutWaiting<T>(work: (statements: Statements) => T): T {
    const restoreTimeout = this.#stopWaiting();
    try {
      return work(this.#inside);
    } finally {
      restoreTimeout();
    }
  }

  /** @returns what gives the app its `busy_timeout` back */
  #stopWaiting(): () => void {
    if (isClosed(this.#database))
      throw serviceUnavailable(new Error('The app has closed its database of SQLite'));
    const [setting] = this.#rows<{ timeout: number | bigint }>('PRAGMA busy_timeout');
    const timeout = Number(setting?.timeout ?? 0);
    let isStopped = timeout > 0;
    if (isStopped) this.#rows('PRAGMA busy_timeout = 0');
    return () => {
      if (isStopped) this.#rows(`PRAGMA busy_timeout = ${timeout}`);
      isStopped = false;
    };
  }

  // Copied, because under Jest the drivers' lists are of another Array than a test's, and equal none of its own.
  readonly #rows = <Row>(sql: string, ...values: readonly unknown[]) =>
    Array.from(this.#prepared(sql).all(...values) as Row[]);
  readonly #run = (sql: string, ...values: readonly unknown[]) =>
    Number(this.#prepared(sql).run(...values).changes);
  readonly #inside: Statements = { rows: this.#rows, run: this.#run };

  #prepared(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = prepare(this.#database, sql, this.#asBigInts);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** The app has a transaction open on the connection. Waiting for its end, our statements can't be rolled back with it. */
export class InUseError extends Error {
  override readonly name = 'InUseError';

  constructor(cause: unknown) {
    super('The app has not finished a transaction on its database of SQLite', { cause });
  }
}
