import { serviceUnavailable } from '../errors.js';
import { BoundedCalls } from './bounded-calls.js';

/** A machine's clock drifts and gets set, so the store is asked again after this time. */
const ASK_AGAIN_MS = 60_000;
/** The shortest time between two questions when the first got no answer. */
const RETRY_MS = 1000;
/** The store looked at its clock at some moment of the wait: the answer may be wrong by half of it. */
const MAX_WAIT_MS = 2000;
/** September 2001 to the year 5138. It refuses zero, and seconds in place of milliseconds. */
const [EARLIEST_MS, LATEST_MS] = [1e12, 1e14];

/**
 * The store's time: this machine's clock plus how far that is off. With it, machines whose clocks differ by minutes agree on
 * when a token starts and when it expires.
 */
export class StoreClock {
  readonly #ask: () => Promise<unknown>;
  #offsetMs = 0;
  #isKnown = false;
  #askedAtMs = 0;
  #askAgainAtMs = 0;
  #asking: Promise<void> | undefined;

  /** @param ask returns the store's time, in milliseconds since 1970 */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Milliseconds since 1970. Never waits: when the store must be asked again, the next call gets the answer. */
  now(): number {
    const machineMs = Date.now();
    const wasSetBack = machineMs < this.#askedAtMs;
    if (machineMs >= this.#askAgainAtMs || wasSetBack) this.#learn().catch(() => undefined);
    return machineMs + this.#offsetMs;
  }

  /** Resolves once the store's time is known. @throws what `ask` throws */
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
    // With NaN for a time no token would ever expire.
    if (!isTime(storeMs)) throw new TypeError('time() of the store must tell milliseconds since 1970');
    const waitedMs = Date.now() - askedAtMs;
    // This process or its machine stood still meanwhile, or the machine's clock was changed.
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

/** What time it is, for tokens and for stores. */
export interface StoreTime {
  /** Milliseconds since 1970, by the clock of the store where it has one. */
  readonly now: () => number;
  /** Resolves when `now` gives the store's time. @throws AuthError SERVICE_UNAVAILABLE */
  readonly timeKnown: () => Promise<void>;
  /** The time a store should go by. Undefined: its own clock. */
  readonly storeNow: () => Date | undefined;
}

/** A given clock counts for everything. Without one the store's clock counts, or this machine's where the store has none. */
export function timeOf(store: { time?(): Promise<number> }, clock: (() => number) | undefined): StoreTime {
  if (clock) return { now: clock, storeNow: () => new Date(clock()), timeKnown: () => Promise.resolve() };
  const storeNow = () => undefined;
  if (!store.time) return { now: Date.now, storeNow, timeKnown: () => Promise.resolve() };
  const { run } = new BoundedCalls('time() of the store', () => false);
  const ask = async () => store.time?.();
  const storeClock = new StoreClock(() => run(ask));
  return { now: () => storeClock.now(), storeNow, timeKnown: () => storeClock.known() };
}
