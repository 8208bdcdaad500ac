import { serviceUnavailable } from '../errors.js';
import { BoundedCalls } from './bounded-calls.js';

/** How often the store is asked again, because a machine's clock drifts and can be changed. */
const ASK_AGAIN_MS = 60_000;
/** The shortest time between two questions if the first got no answer. */
const RETRY_MS = 1000;
/** The store read its clock at an unknown moment of the wait, so the answer may be wrong by half the wait. */
const MAX_WAIT_MS = 2000;
/** September 2001 to the year 5138. This refuses zero, and seconds in place of milliseconds. */
const [EARLIEST_MS, LATEST_MS] = [1e12, 1e14];
const ALREADY = Promise.resolve();

/**
 * The store's time: the clock of this machine, corrected by how far it is off. With it, machines whose clocks differ by minutes
 * agree on when a token starts and when it expires.
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

  /** Milliseconds since 1970. Never waits: if the store must be asked again, later calls benefit from the answer. */
  now(): number {
    const machineMs = Date.now();
    const wasSetBack = machineMs < this.#askedAtMs;
    if (machineMs >= this.#askAgainAtMs || wasSetBack) this.#learn().catch(() => undefined);
    return machineMs + this.#offsetMs;
  }

  /** Resolves once the store's time is known. @throws what `ask` throws */
  known(): Promise<void> {
    return this.#isKnown ? ALREADY : this.#learn();
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
    // If the time were NaN, no token would ever expire.
    if (!isTime(storeMs)) throw new TypeError('time() of the store must tell milliseconds since 1970');
    const waitedMs = Date.now() - askedAtMs;
    // The process or its machine was suspended meanwhile, or the machine's clock was changed.
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

/** The time that tokens and stores use. */
export interface StoreTime {
  /** Milliseconds since 1970: the store's time, or this machine's if the store has no clock. */
  readonly now: () => number;
  /** Resolves once `now` returns the store's time. @throws AuthError SERVICE_UNAVAILABLE */
  readonly timeKnown: () => Promise<void>;
  /** The time that calls of a store should pass. Undefined: the store uses its own clock. */
  readonly storeNow: () => Date | undefined;
}

/** Uses `clock` for everything if it is given. Otherwise the store's clock counts, or this machine's if the store has none. */
export function timeOf(store: { time?(): Promise<number> }, clock: (() => number) | undefined): StoreTime {
  if (clock) return { now: clock, storeNow: () => new Date(clock()), timeKnown: () => Promise.resolve() };
  const storeNow = () => undefined;
  if (!store.time) return { now: Date.now, storeNow, timeKnown: () => Promise.resolve() };
  const { run } = new BoundedCalls('time() of the store', () => false);
  const ask = async () => store.time?.();
  const storeClock = new StoreClock(() => run(ask));
  return { now: () => storeClock.now(), storeNow, timeKnown: () => storeClock.known() };
}
