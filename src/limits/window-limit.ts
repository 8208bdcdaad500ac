import type { AttemptCounter } from '../stores/attempt-counter.js';
import { counterOf, tooManyAttempts, type CountedAttempt, type CounterStore, type Limit } from './limit.js';

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
    const takeBack = () => this.#counter.decrement(key);
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

const nothing = () => Promise.resolve();
