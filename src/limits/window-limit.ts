import type { AttemptCounter } from '../stores/attempt-counter.js';
import { counterOf, tooManyAttempts, type CountedAttempt, type CounterStore, type Limit } from './limit.js';

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
    return { succeeded: nothing, takeBack: nothing };
  }
}

/** At most `limit` successes in a window of time. Attempts that are not judged yet count too. */
export class SuccessLimit implements Limit {
  readonly #window: WindowLimit;

  constructor(window: WindowLimit) {
    this.#window = window;
  }

  async enter(key: string): Promise<CountedAttempt> {
    const { takeBack } = await this.#window.enter(key);
    return { succeeded: nothing, failed: takeBack, takeBack };
  }
}

const nothing = () => Promise.resolve();
