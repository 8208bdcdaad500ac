import { isAuthError, serviceUnavailable } from '../../errors.js';

/** A server that answers, but slowly, must not let requests pile up. */
const LONGEST_WAIT_MS = 20_000;

/**
 * Changes of one row are made one after the other, in the order of the calls. Those who wait hold no connection: otherwise requests about a
 * locked row would take all connections of the app's pool. The time limit of a call begins with its turn.
 */
export class RowLines {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * @param change has a time limit of its own
   * @throws AuthError SERVICE_UNAVAILABLE if the one before got it, because then the server is down, or the row is locked
   */
  async run<T>(row: string, change: () => Promise<T>): Promise<T> {
    const before = this.#last.get(row);
    const own = before ? turnAfter(before).then(change) : change();
    this.#last.set(row, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(row) === own) this.#last.delete(row);
    }
  }
}

async function turnAfter(before: Promise<unknown>): Promise<void> {
  const giveUpAt = performance.now() + LONGEST_WAIT_MS;
  await before.catch((error: unknown) => {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) throw error;
  });
  if (performance.now() > giveUpAt)
    throw serviceUnavailable(new Error('The changes of this user before this one took too long'));
}
