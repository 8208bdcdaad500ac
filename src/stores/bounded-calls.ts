import { types } from 'node:util';
import { AuthError, serviceUnavailable } from '../errors.js';

/** A store call that hasn't answered by now is not waited for: a request must answer within 2 seconds. */
const TIMEOUT_MS = 1000;
/** After so many timeouts in a row the server is taken for frozen, … */
const TIMEOUTS_UNTIL_OPEN = 5;
/** … and only one call in this time still tries it. The others fail at once instead of piling up. */
const PROBE_INTERVAL_MS = 500;
/** A connection that may be dead is replaced at most this often. */
const RECONNECT_INTERVAL_MS = 5000;

/** A mistake in a call is no outage. By name, because another realm's errors (Jest's, for one) are no instances of ours. */
export function isProgrammingError(error: unknown): boolean {
  return !types.isNativeError(error) || ['TypeError', 'RangeError', 'ReferenceError'].includes(error.name);
}

interface Recovery {
  /** Called at each timeout. */
  onTimeout?(): void;
  /** Replaces a connection on which nothing comes back, though it looks open. */
  reconnect?(): void;
}

/**
 * Runs the calls of one client, so that none waits longer than a second whatever the client's own
 * options say, and an outage is always SERVICE_UNAVAILABLE.
 */
export class BoundedCalls {
  readonly #backend: string;
  readonly #isOutage: (error: unknown) => boolean;
  readonly #recovery: Recovery;
  #timeoutsInARow = 0;
  #nextProbeAt = 0;
  #nextReconnectAt = 0;

  constructor(backend: string, isOutage: (error: unknown) => boolean, recovery: Recovery = {}) {
    this.#backend = backend;
    this.#isOutage = isOutage;
    this.#recovery = recovery;
  }

  /** @param undo called when the operation succeeds after all, too late for whoever asked for it */
  readonly run = <T>(operation: () => Promise<T>, undo?: () => Promise<void>): Promise<T> => {
    if (this.#timeoutsInARow >= TIMEOUTS_UNTIL_OPEN && performance.now() < this.#nextProbeAt) {
      return Promise.reject(serviceUnavailable(new Error(`${this.#backend} does not answer`)));
    }
    this.#nextProbeAt = performance.now() + PROBE_INTERVAL_MS;
    return new Promise<T>((resolve, reject) => {
      const answered = this.#answered(operation);
      const timer = setTimeout(() => {
        this.#countTimeout();
        // A late failure needs no undoing, and an undoing that fails has nobody to tell.
        if (undo) answered.then(undo).catch(() => undefined);
        reject(serviceUnavailable(new Error(`${this.#backend} did not answer within ${TIMEOUT_MS} ms`)));
      }, TIMEOUT_MS);
      const settle = <V>(act: (value: V) => void) => {
        return (value: V) => {
          clearTimeout(timer);
          act(value);
        };
      };
      answered.then(settle(resolve), settle(reject));
    });
  };

  /** An answer proves that the server is alive, also one that comes too late to be of use, or says no. */
  async #answered<T>(operation: () => Promise<T>): Promise<T> {
    try {
      const answer = await operation();
      this.#timeoutsInARow = 0;
      return answer;
    } catch (error) {
      if (error instanceof AuthError) throw error;
      if (this.#isOutage(error)) throw serviceUnavailable(error);
      this.#timeoutsInARow = 0;
      throw error;
    }
  }

  #countTimeout(): void {
    this.#timeoutsInARow += 1;
    this.#recovery.onTimeout?.();
    if (this.#timeoutsInARow < TIMEOUTS_UNTIL_OPEN || performance.now() < this.#nextReconnectAt) return;
    this.#nextReconnectAt = performance.now() + RECONNECT_INTERVAL_MS;
    this.#recovery.reconnect?.();
  }
}
