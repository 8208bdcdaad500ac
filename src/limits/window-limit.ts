import type { AttemptCounter } from '../stores/attempt-counter.js';
import {
  counterOf,
  NOTHING_TO_DO,
  tooManyAttempts,
  type CountedAttempt,
  type CounterStore,
  type Limit,
} from './limit.js';

/** As long as a call of a store may take: by then it may have reached the next window. */
const EDGE_MS = 1000;

/** At most `limit` failures in a window of time. A success doesn't count. */
export class WindowLimit implements Limit {
  readonly #counter: AttemptCounter;
  readonly #limit: number;

  constructor(store: CounterStore, name: string, limit: number, windowSeconds: number) {
    this.#counter = counterOf(store, name, windowSeconds);
    this.#limit = limit;
  }

  async enter(key: string): Promise<CountedAttempt> {
    const { count, msBeforeReset } = await this.#counter.increment(key);
    const endsAt = performance.now() + msBeforeReset;
    // After its window the count is gone. Taking it back then would allow the next window one more.
    const takeBack = async () => {
      if (performance.now() < endsAt - EDGE_MS) await this.#counter.decrement(key);
    };
    if (count > this.#limit) {
      // A refused attempt is no failure: a crowd of right passwords at one moment must not lock its own address.
      takeBack().catch(() => undefined);
      throw tooManyAttempts(msBeforeReset);
    }
    return { succeeded: takeBack, takeBack };
  }
}

/** At most `limit` attempts in a window of time, whatever comes of them. */
export class EveryAttempt implements Limit {
  readonly #window: WindowLimit;

  constructor(window: WindowLimit) {
    this.#window = window;
  }

  async enter(key: string): Promise<CountedAttempt> {
    await this.#window.enter(key);
    return NOTHING_TO_DO;
  }
}

/**
 * At most `limit` successes in a window of time. Attempts that fail, or aren't judged yet, don't count: strangers who guess many times at
 * once would hold up the user. So of more right attempts at once than the limit allows, each is judged, and the others are refused then.
 */
export class SuccessLimit implements Limit {
  readonly #successes: AttemptCounter;
  /** Says that the limit has been reached. Without `has` in a counter of the app's own, attempts are refused only when judged. */
  readonly #reached: AttemptCounter;
  readonly #limit: number;
  readonly #windowSeconds: number;

  constructor(store: CounterStore, name: string, limit: number, windowSeconds: number) {
    this.#successes = counterOf(store, name, windowSeconds);
    this.#reached = counterOf(store, `${name}-reached`, windowSeconds);
    this.#limit = limit;
    this.#windowSeconds = windowSeconds;
  }

  async enter(key: string): Promise<CountedAttempt> {
    if (await this.#reached.has?.(key)) throw tooManyAttempts(this.#windowSeconds * 1000);
    return { ...NOTHING_TO_DO, succeeded: () => this.#succeed(key) };
  }

  async #succeed(key: string): Promise<void> {
    const { count, msBeforeReset } = await this.#successes.increment(key);
    if (count >= this.#limit) await this.#reached.hold(key, Math.max(1, Math.ceil(msBeforeReset / 1000)));
    if (count > this.#limit) throw tooManyAttempts(msBeforeReset);
  }
}
