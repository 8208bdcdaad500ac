import { serviceUnavailable } from '../../errors.js';
import { NotBegunError } from './app-transaction.js';
import type { TableAccess } from './sql-database.js';

/** Of the questions of one call. */
export class TimeLimit {
  readonly #lift: () => boolean;
  #at: number;

  /** @param lift lets the caller wait; false if it has got its answer */
  constructor(timeout: number, lift: () => boolean) {
    this.#at = performance.now() + timeout;
    this.#lift = lift;
  }

  isLate(): boolean {
    return performance.now() > this.#at;
  }

  /**
   * For a call in a transaction of the app's: its caller gets no answer before the call has ended. Otherwise what the app writes next would
   * stand behind our savepoint, and be lost with it.
   * @throws NotBegunError if the caller has got its answer already
   */
  lift(): void {
    if (!this.#lift()) throw new NotBegunError();
    this.#at = Infinity;
  }
}

export function tooLate(): Error {
  return serviceUnavailable(new Error('The call took too long, and was given up'));
}

/**
 * Refuses every call after the time limit. The caller has got a 503 then: a transaction that goes on must be rolled back, not
 * committed.
 */
export function whileInTime({ rows, sql }: TableAccess, limit: TimeLimit): TableAccess {
  const inTime = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args) => {
      if (limit.isLate()) throw tooLate();
      return call(...args);
    };
  };
  return {
    rows: {
      find: inTime((member, values) => rows.find(member, values)),
      named: inTime((spellings) => rows.named(spellings)),
      lock: inTime((id) => rows.lock(id)),
      insert: inTime((values) => rows.insert(values)),
      update: inTime((id, values) => rows.update(id, values)),
      remove: inTime((id) => rows.remove(id)),
      page: inTime((after, limit) => rows.page(after, limit)),
    },
    sql: {
      query: inTime((text, values) => sql.query(text, values)),
      execute: inTime((text, values) => sql.execute(text, values)),
    },
  };
}
