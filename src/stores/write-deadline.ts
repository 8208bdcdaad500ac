import { CALL_TIMES } from './call-times.js';

/**
 * When a write is too late, in the time of the store. A write that waits for a connection, or for a frozen server, would otherwise
 * run long after its caller has got 503, and the caller's next try would look like a reuse.
 */
export class WriteDeadline {
  /** How far the store's clock is ahead of this machine's. */
  #offsetMs: number | undefined;

  /** Whether the store's time has been learned. Before that there is no deadline. */
  get isKnown(): boolean {
    return this.#offsetMs !== undefined;
  }

  /** @param storeTime milliseconds since 1970, just read */
  learn(storeTime: string | number): void {
    this.#offsetMs = Number(storeTime) - Date.now();
  }

  /** One of the clocks may have been changed. */
  forget(): void {
    this.#offsetMs = undefined;
  }

  /** For a write that begins now. In milliseconds since 1970. */
  next(): number {
    return Date.now() + (this.#offsetMs ?? 0) + CALL_TIMES.writeDeadline;
  }
}
