import { serviceUnavailable } from '../../errors.js';
import { withinTime } from '../../utils/within-time.js';

/**
 * Changes of one row are made one after the other, in the order of the calls. Those who wait hold no connection: otherwise requests about a
 * locked row would take all connections of the app's pool.
 */
export class RowLines {
  /** By row: settles when everyone in its line has left it. */
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether nobody is in the line of the row. */
  isFree(row: string): boolean {
    return !this.#last.has(row);
  }

  /**
   * @param change has a time limit of its own
   * @param waitMs how long it may wait for its turn
   * @throws AuthError SERVICE_UNAVAILABLE if its turn comes later: then the change is not made
   */
  async run<T>(row: string, change: () => Promise<T>, waitMs: number): Promise<T> {
    const before = this.#last.get(row);
    const own = before ? withinTime(before, waitMs, turnTooLate).then(change) : change();
    // Whoever gives up leaves those behind to wait for those before.
    const all = Promise.allSettled([before, own]);
    this.#last.set(row, all);
    const left = all.then(() => void (this.#last.get(row) === all && this.#last.delete(row)));
    const result = await own;
    await left;
    return result;
  }
}

function turnTooLate(): Error {
  return serviceUnavailable(new Error('The changes of this user before this one took too long'));
}
