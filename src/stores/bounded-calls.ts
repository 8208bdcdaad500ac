import { types } from 'node:util';
import { AuthError, serviceUnavailable } from '../errors.js';

/** A store call that hasn't answered by now is not waited for: a request must answer within 2 seconds. */
const TIMEOUT_MS = 1000;
/** After so many timeouts in a row the server is taken for frozen, … */
const TIMEOUTS_UNTIL_OPEN = 5;
/** … and only one call in this time still tries it. The others fail at once instead of piling up. */
const PROBE_INTERVAL_MS = 500;

/** A mistake in a call is no outage. By name, because another realm's errors (Jest's, for one) are no instances of ours. */
export function isProgrammingError(error: unknown): boolean {
  return !types.isNativeError(error) || ['TypeError', 'RangeError', 'ReferenceError'].includes(error.name);
}

/**
 * Runs the calls of one client, so that none waits longer than a second whatever the client's own
 * options say, and an outage is always SERVICE_UNAVAILABLE.
 */
export class BoundedCalls {
  readonly #backend: string;
  readonly #isOutage: (error: unknown) => boolean;
  #timeoutsInARow = 0;
  #nextProbeAt = 0;

  constructor(backend: string, isOutage: (error: unknown) => boolean) {
    this.#backend = backend;
    this.#isOutage = isOutage;
  }

  readonly run = async <T>(operation: () => Promise<T>): Promise<T> => {
    if (this.#timeoutsInARow >= TIMEOUTS_UNTIL_OPEN && performance.now() < this.#nextProbeAt) {
      throw serviceUnavailable(new Error(`${this.#backend} does not answer`));
    }
    this.#nextProbeAt = performance.now() + PROBE_INTERVAL_MS;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#timeoutsInARow += 1;
        reject(serviceUnavailable(new Error(`${this.#backend} did not answer within ${TIMEOUT_MS} ms`)));
      }, TIMEOUT_MS);
    });
    try {
      return await Promise.race([this.#answered(operation), timeout]);
    } catch (error) {
      if (error instanceof AuthError || !this.#isOutage(error)) throw error;
      throw serviceUnavailable(error);
    } finally {
      clearTimeout(timer);
    }
  };

  /** An answer proves that the server is alive, also one that comes too late to be of use. */
  async #answered<T>(operation: () => Promise<T>): Promise<T> {
    const answer = await operation();
    this.#timeoutsInARow = 0;
    return answer;
  }
}
