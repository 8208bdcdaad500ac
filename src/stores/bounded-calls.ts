import { types } from 'node:util';
import { AuthError, serviceUnavailable } from '../errors.js';
import { CALL_TIMES, type CallTimes } from './call-times.js';

/**
 * After this many timeouts in a row, and a ping without an answer, the server counts as frozen. Calls then fail at once instead of
 * piling up, but for a probe now and then. A slow call says nothing about the calls of others, so a server that answers pings is
 * never frozen.
 */
const TIMEOUTS_UNTIL_OPEN = 5;

/**
 * Whether the error is a mistake in the call rather than an outage. Compares names, because an error from another realm, such as
 * Jest's, is no instance of our classes.
 */
export function isProgrammingError(error: unknown): boolean {
  return !types.isNativeError(error) || ['TypeError', 'RangeError', 'ReferenceError'].includes(error.name);
}

/** A call that never reached the server. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** Whether the server may have carried out the call that failed with this error. */
export function mayHaveArrived(error: unknown): boolean {
  return !(error instanceof AuthError && error.cause instanceof NotSentError);
}

interface Recovery {
  /** Called after each timeout. */
  onTimeout?(): void;
  /** Replaces a connection that looks open but no longer brings answers. */
  reconnect?(): void;
  /** Asks the server for nothing but an answer. Without it, timeouts alone show that the server is frozen. */
  ping?(): Promise<unknown>;
}

/**
 * Runs the calls of one client. No call waits longer than a second, whatever the client's own options say, and every outage
 * becomes SERVICE_UNAVAILABLE.
 */
export class BoundedCalls {
  readonly #backend: string;
  readonly #isOutage: (error: unknown) => boolean;
  readonly #recovery: Recovery;
  readonly #times: CallTimes;
  #timeoutsInARow = 0;
  /** When the ping was sent that has no answer yet. */
  #pingedAt: number | undefined;
  #nextProbeAt = 0;
  #nextReconnectAt = 0;

  constructor(
    backend: string,
    isOutage: (error: unknown) => boolean,
    recovery: Recovery = {},
    times: CallTimes = CALL_TIMES,
  ) {
    this.#backend = backend;
    this.#isOutage = isOutage;
    this.#recovery = recovery;
    this.#times = times;
  }

  /**
   * @param operation may lift the time limit: its caller then waits as long as it takes. `lift` returns false if it has got an error already
   * @param undo called if the operation succeeds after its caller has already got an error
   * @param timeout in milliseconds. Default: a second
   * @throws AuthError SERVICE_UNAVAILABLE after this time, or in an outage
   */
  readonly run = <T>(
    operation: (lift: () => boolean) => Promise<T>,
    undo?: () => Promise<void>,
    timeout = this.#times.timeout,
  ): Promise<T> => {
    if (this.#isFrozen && performance.now() < this.#nextProbeAt) {
      return Promise.reject(serviceUnavailable(new NotSentError(`${this.#backend} does not answer`)));
    }
    this.#nextProbeAt = performance.now() + this.#times.probeInterval;
    return new Promise<T>((resolve, reject) => {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        this.#countTimeout();
        reject(
          serviceUnavailable(new Error(`${this.#backend} did not answer within ${Math.round(timeout)} ms`)),
        );
      }, timeout);
      const lift = () => {
        if (!isLate) clearTimeout(timer);
        return !isLate;
      };
      const succeed = (answer: T) => {
        clearTimeout(timer);
        this.#answered();
        // If `undo` fails, no caller is left who could be told.
        if (isLate && undo)
          Promise.resolve()
            .then(undo)
            .catch(() => undefined);
        resolve(answer);
      };
      const fail = (error: unknown) => {
        clearTimeout(timer);
        reject(this.#judged(error));
      };
      try {
        operation(lift).then(succeed, fail);
      } catch (error) {
        fail(error);
      }
    });
  };

  /** Every answer proves that the server is alive, even one that comes too late or is an error. */
  #judged(error: unknown): Error {
    if (error instanceof AuthError) return error;
    if (this.#isOutage(error)) return serviceUnavailable(error);
    this.#answered();
    return error as Error;
  }

  get #isFrozen(): boolean {
    if (this.#timeoutsInARow < TIMEOUTS_UNTIL_OPEN) return false;
    if (!this.#recovery.ping) return true;
    return this.#pingedAt !== undefined && performance.now() - this.#pingedAt >= this.#times.probeInterval;
  }

  #answered(): void {
    this.#timeoutsInARow = 0;
    this.#pingedAt = undefined;
  }

  /** Any answer will do, such as a refusal. An outage is none. */
  #ping(): void {
    if (!this.#recovery.ping || this.#pingedAt !== undefined) return;
    this.#pingedAt = performance.now();
    this.#recovery.ping().then(
      () => this.#answered(),
      (error: unknown) => void (this.#isOutage(error) || this.#answered()),
    );
  }

  #countTimeout(): void {
    this.#timeoutsInARow += 1;
    this.#recovery.onTimeout?.();
    this.#ping();
    if (!this.#isFrozen || performance.now() < this.#nextReconnectAt) return;
    this.#nextReconnectAt = performance.now() + this.#times.reconnectInterval;
    this.#recovery.reconnect?.();
  }
}
