import { isAuthError } from '../errors.js';
import type { AttemptCounter } from '../stores/attempt-counter.js';
import { digestOf } from '../utils/digest.js';
import { counterOf, tooManyAttempts, type CountedAttempt, type CounterStore, type Limit } from './limit.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const MAX_WAIT = 15 * MINUTE;

/**
 * After `limit` failures in a row (NIST SP 800-63B §5.2.2), attempts are let through one at a time. Each must wait twice as long
 * as the one before, up to 15 minutes. A success resets the count, so no lock lasts for ever.
 */
export class ConsecutiveFailures implements Limit {
  readonly #failures: AttemptCounter;
  readonly #turn: AttemptCounter;
  readonly #turnsTaken: AttemptCounter;
  readonly #limit: number;
  readonly #earlierBySeconds: number;

  /** @param waitsEndEarlierBySeconds for a limit behind another one that makes the same attempts wait */
  constructor(store: CounterStore, name: string, limit: number, waitsEndEarlierBySeconds = 0) {
    this.#failures = counterOf(store, `${name}-failures`, DAY);
    this.#turn = counterOf(store, `${name}-turn`, MINUTE - waitsEndEarlierBySeconds);
    this.#turnsTaken = counterOf(store, `${name}-turns-taken`, DAY);
    this.#limit = limit;
    this.#earlierBySeconds = waitsEndEarlierBySeconds;
  }

  async enter(key: string): Promise<CountedAttempt> {
    // Hashed: what a client types must neither be stored nor shape a key.
    const digest = digestOf(key);
    const succeeded = () => this.#forget(digest);
    const { count } = await this.#failures.increment(digest);
    const takeBack = () => this.#failures.decrement(digest);
    if (count < this.#limit) return { succeeded, takeBack };
    await this.#takeTurn(digest).catch((error: unknown) => {
      if (!isAuthError(error, 'TOO_MANY_ATTEMPTS')) takeBack().catch(() => undefined);
      throw error;
    });
    return { succeeded, takeBack: () => this.#giveTurnBack(digest) };
  }

  async #takeTurn(digest: string): Promise<void> {
    const turn = await this.#turn.increment(digest);
    if (turn.count > 1) throw tooManyAttempts(turn.msBeforeReset);
    try {
      const { count: turnsTaken } = await this.#turnsTaken.increment(digest);
      const wait = Math.min(MINUTE * 2 ** (turnsTaken - 1), MAX_WAIT);
      if (turnsTaken > 1) await this.#turn.hold(digest, wait - this.#earlierBySeconds);
    } catch (error) {
      this.#turn.reset(digest).catch(() => undefined); // this attempt has the turn and won't use it
      throw error;
    }
  }

  /** Only for the attempt that has the turn: another one would give back a turn that isn't its own. */
  async #giveTurnBack(digest: string): Promise<void> {
    await Promise.all([
      this.#failures.decrement(digest),
      this.#turn.reset(digest),
      this.#turnsTaken.decrement(digest),
    ]);
  }

  async #forget(digest: string): Promise<void> {
    await Promise.all([
      this.#failures.reset(digest),
      this.#turn.reset(digest),
      this.#turnsTaken.reset(digest),
    ]);
  }
}
