import { serviceUnavailable } from '../errors.js';

/** A machine's clock drifts, and is set, so that the store is asked again after this time. */
const ASK_AGAIN_MS = 60_000;
/** What got no answer is asked again no sooner. */
const RETRY_MS = 1000;
/** Nobody knows when within the wait the store looked at its clock: half of it may be wrong. */
const MAX_WAIT_MS = 2000;
/** September 2001 to the year 5138: neither nothing, nor seconds. */
const [EARLIEST_MS, LATEST_MS] = [1e12, 1e14];

/**
 * The store's time: this machine's, and how far that is off. Machines whose clocks differ by minutes agree on it when a
 * token begins and when it runs out.
 */
export class StoreClock {
  readonly #ask: () => Promise<unknown>;
  #offsetMs = 0;
  #isKnown = false;
  #askedAtMs = 0;
  #askAgainAtMs = 0;
  #asking: Promise<void> | undefined;

  /** @param ask tells the store's time, in milliseconds since 1970 */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Milliseconds since 1970. Never waits: asks, if it is time to, for the sake of the next call. */
  now(): number {
    const machineMs = Date.now();
    const wasSetBack = machineMs < this.#askedAtMs;
    if (machineMs >= this.#askAgainAtMs || wasSetBack) this.#learn().catch(() => undefined);
    return machineMs + this.#offsetMs;
  }

  /** Resolves when the store has told its time once. Rejects with what asking it rejects with. */
  async known(): Promise<void> {
    if (!this.#isKnown) await this.#learn();
  }

  #learn(): Promise<void> {
    this.#asking ??= this.#learnOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #learnOnce(): Promise<void> {
    const askedAtMs = Date.now();
    this.#askedAtMs = askedAtMs;
    this.#askAgainAtMs = askedAtMs + RETRY_MS;
    const storeMs = await this.#ask();
    // By a time that is none no token would ever run out.
    if (!isTime(storeMs)) throw new TypeError('time() of the store must tell milliseconds since 1970');
    const waitedMs = Date.now() - askedAtMs;
    // This process or its machine stood still meanwhile, or the machine's clock was set.
    if (waitedMs < 0 || waitedMs > MAX_WAIT_MS)
      throw serviceUnavailable(new Error('The store told its time too late'));
    this.#offsetMs = Math.round(storeMs - askedAtMs - waitedMs / 2);
    this.#isKnown = true;
    this.#askAgainAtMs = askedAtMs + ASK_AGAIN_MS;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= EARLIEST_MS && value < LATEST_MS;
}
