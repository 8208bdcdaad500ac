import { isAuthError } from '../errors.js';
import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import { digestOf } from '../utils/digest.js';
import { tooManyAttempts, type CountedGuess, type Limit } from './limit.js';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const MAX_WAIT = 15 * MINUTE;

/**
 * From the last free failure on, guesses take turns: who gets the turn guesses, and the next turn comes after a wait that
 * doubles each time. A success starts afresh, so that nobody is locked out for ever.
 */
export class FailuresInARow implements Limit {
  readonly #failures: AttemptCounter;
  readonly #turn: AttemptCounter;
  readonly #turnsTaken: AttemptCounter;
  readonly #limit: number;

  constructor(store: RefreshTokenStore, name: string, limit: number) {
    this.#failures = counterOf(store, `${name}-failures`, DAY);
    this.#turn = counterOf(store, `${name}-turn`, MINUTE);
    this.#turnsTaken = counterOf(store, `${name}-turns-taken`, DAY);
    this.#limit = limit;
  }

  async enter(key: string): Promise<CountedGuess> {
    // What a client types is neither kept nor allowed to shape a key.
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
      if (turnsTaken > 1) await this.#turn.hold(digest, Math.min(MINUTE * 2 ** (turnsTaken - 1), MAX_WAIT));
    } catch (error) {
      this.#turn.reset(digest).catch(() => undefined); // ours, and nobody will guess in it
      throw error;
    }
  }

  /** For who has the turn: anybody else would give another's back. */
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
