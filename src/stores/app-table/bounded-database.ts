import { setTimeout as sleep } from 'node:timers/promises';
import { AuthError, serviceUnavailable } from '../../errors.js';
import { BoundedCalls } from '../bounded-calls.js';
import { CALL_TIMES } from '../call-times.js';
import { briefStatements } from './brief-statements.js';
import { Deadline } from './deadline.js';
import type { OpenTransaction } from './dialects/dialect.js';
import { FittingQueries, fittingStatements } from './fitting-queries.js';
import { FittingRows } from './fitting-rows.js';
import { RowLines } from './row-lines.js';
import type { AppDatabase, TableAccess, TransactionAccess } from './sql-database.js';
import type { ErrorKind } from './sql-statements.js';
import type { TableFacts } from './table-facts.js';
import { tooLate, TimeLimit, whileInTime } from './time-limit.js';
import type { FoundRow, KeyMember } from './user-rows.js';

/** Less than the time limit of a call: what part of it a transaction that is rolled back again and again may take. */
const REPEAT_FOR = 0.8;
const REPEAT_WITHIN_MS = 30;

/** The app's database with a time limit for each call. It distinguishes an outage from a mistake in the program. */
export class BoundedDatabase {
  readonly #database: AppDatabase;
  readonly #facts: TableFacts;
  readonly #calls: BoundedCalls;
  readonly #lines = new RowLines();
  #hasAnswered = false;

  constructor(database: AppDatabase, facts: TableFacts) {
    this.#database = database;
    this.#facts = facts;
    this.#calls = new BoundedCalls(
      database.dialect.title,
      (error) => ['outage', 'rolled-back'].includes(this.kindOfError(error)),
      { ping: () => database.sql.query('SELECT 1') },
    );
  }

  kindOfError(error: unknown): ErrorKind {
    if (error instanceof AuthError) return 'mistake'; // judged already
    return this.#database.kindOfError?.(error) ?? this.#database.dialect.kindOfError(error);
  }

  /** For code that asks what the database says about the table, outside a call: without it, that would have no time limit. */
  async learnFacts(by: Deadline): Promise<void> {
    if (!this.#facts.areKnown) await this.#run(() => Promise.resolve(), by);
  }

  /** Look-ups. */
  read<T>(work: (access: TransactionAccess) => Promise<T>, by = new Deadline()): Promise<T> {
    const read = (limit: TimeLimit) =>
      this.#database.transactionOfApp
        ? this.#transaction(work, limit, true)
        : work(this.#access(this.#database, limit));
    return this.#run(read, by);
  }

  /** Whether there is such a table of ours. */
  async isThere(table: string): Promise<boolean> {
    const look = this.#calls.run(() => this.#database.sql.query(`SELECT 1 FROM ${table} WHERE 1 = 0`));
    return look.then(
      () => true,
      (error: unknown) => {
        if (this.kindOfError(error) === 'schema') return false;
        throw error;
      },
    );
  }

  /**
   * One transaction, also for a single statement: only in a transaction of its own has it a limit for its wait for locks. One that the
   * database has rolled back is tried again, and is a 503 in the end; in a transaction of the app's it is a 503 at once.
   * @param row the id of the row that it locks first. Undefined: none
   */
  write<T>(
    row: string | undefined,
    work: (access: TransactionAccess) => Promise<T>,
    by = new Deadline(),
  ): Promise<T> {
    const write = () => this.#run((limit) => this.#repeated(() => this.#transaction(work, limit)), by);
    return row === undefined ? write() : this.#lines.run(row, write, by.turn);
  }

  /**
   * As `write` does, unless another change of the row is under way in this process, or the app has begun the transaction: a deadlock would
   * cost the app all that it has written there.
   */
  async writeUnlessBusy(
    row: string,
    work: (access: TableAccess) => Promise<unknown>,
    by: Deadline,
  ): Promise<void> {
    if (this.#database.transactionOfApp === 'begun') return;
    const unlessOfApp = async (access: TransactionAccess) => void (access.isOfApp || (await work(access)));
    if (this.#lines.isFree(row)) await this.write(row, unlessOfApp, by);
  }

  /** @returns undefined if the column can't hold the text, because its character set knows few characters */
  async findIfHeld(member: KeyMember, text: string, by: Deadline): Promise<FoundRow[] | undefined> {
    const find = ({ rows }: TableAccess) => rows.find(member, [text]);
    const database = this.#database;
    try {
      return await this.#run(
        (limit) =>
          database.transactionOfApp
            ? database.transaction((access) => {
                if (access.isOfApp) limit.lift();
                return find(access);
              }, true)
            : find(database),
        by,
      );
    } catch (error) {
      if (this.kindOfError(error) === 'unfit') return undefined;
      throw error;
    }
  }

  /** @param open the transaction, if it is one */
  #access({ rows, sql }: TableAccess, limit: TimeLimit, open?: OpenTransaction): TableAccess {
    const { dialect } = this.#database;
    const fitting = new FittingQueries((error) => this.kindOfError(error) === 'unfit', open);
    const brief = briefStatements(sql, dialect);
    // In MySQL our tables hold every text, and the error is another mistake.
    const own = dialect.name === 'postgres' ? fittingStatements(brief, fitting) : brief;
    return whileInTime({ rows: new FittingRows(rows, fitting), sql: own }, limit);
  }

  #transaction<T>(
    work: (access: TransactionAccess) => Promise<T>,
    limit: TimeLimit,
    onlyOfApp = false,
  ): Promise<T> {
    let isOfApp = false;
    let lost: AuthError | undefined;
    // MySQL may have rolled back all of the app's transaction. What came next would be no part of any, so only the app can try again.
    const unlessLost = (error: unknown) => {
      if (isOfApp && this.kindOfError(error) === 'rolled-back') lost ??= serviceUnavailable(error);
      throw lost ?? error;
    };
    const inside = async (access: TransactionAccess) => {
      if (onlyOfApp && !isOfApp) return work(this.#access(access, limit));
      const open = await this.#database.dialect.begin(access.sql, isOfApp);
      try {
        const result = await work({ ...this.#access(access, limit, open), isOfApp });
        if (limit.isLate()) throw tooLate();
        return result;
      } finally {
        await open.end?.().catch(() => undefined); // the error that came before says more
      }
    };
    const transaction = this.#database.transaction((access) => {
      isOfApp = access.isOfApp ?? false;
      if (isOfApp) limit.lift();
      return inside(access).catch(unlessLost);
    }, onlyOfApp);
    // Some libraries put the error of their own ROLLBACK TO SAVEPOINT in the place of ours.
    return transaction.catch(unlessLost);
  }

  async #run<T>(work: (limit: TimeLimit) => Promise<T>, by: Deadline): Promise<T> {
    const timeout = this.#isSlowStart ? by.left : by.step;
    if (timeout === 0) throw tooLate();
    const run = async (lift: () => boolean) => {
      const limit = new TimeLimit(timeout, lift);
      if (this.#database.transactionOfApp === 'begun') limit.lift();
      // Before a transaction, which would otherwise wait for a second connection while it has one.
      await this.#facts.load();
      return work(limit);
    };
    try {
      const answer = await this.#calls.run(run, undefined, timeout);
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      // A question whose connection is dead may stay without an answer for ever, so the next call asks again.
      if (!this.#facts.areKnown) this.#facts.forget();
      throw this.kindOfError(error) === 'schema' ? withHint(error) : error;
    }
  }

  /** Whether this is the first call of a library that starts slowly. */
  get #isSlowStart(): boolean {
    return this.#database.startsSlowly === true && !this.#hasAnswered;
  }

  async #repeated<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = performance.now() + REPEAT_FOR * CALL_TIMES.timeout;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (this.kindOfError(error) !== 'rolled-back' || performance.now() > giveUpAt) throw error;
        await sleep(Math.random() * REPEAT_WITHIN_MS);
      }
    }
  }
}

/** A developer has to fix a mistake in the schema, so the message says how. */
function withHint(error: unknown): Error {
  return new Error(
    'A table or column is missing: call `await store.migrate()` before the app listens, and compare the option columns with your table',
    { cause: error },
  );
}
