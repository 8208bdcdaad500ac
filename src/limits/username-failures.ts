import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import { UNKNOWN_ADDRESS } from './address.js';
import { digestOf } from '../utils/digest.js';
import type { CountedGuess, Limit } from './limit.js';
import { FailuresInARow } from './consecutive-failures.js';

/** As long as the longest session by default: who still has one is seldom asked for the password. */
const KNOWN_FOR_SECONDS = 30 * 24 * 60 * 60;

/**
 * Failures in a row for a username: one count for all strangers, and one for each address that the user has logged in from.
 * Otherwise a stranger who takes every turn of a locked name would keep its user out for as long as it pleases them.
 *
 * A guess counts in one of them only, so that no address has the free failures twice. And a success starts afresh in its
 * own: a script that logs in every minute from its known address would hand strangers their free failures every minute.
 */
export class UsernameFailures {
  readonly #ofStrangers: FailuresInARow;
  readonly #ofKnown: FailuresInARow;
  readonly #known: AttemptCounter;

  constructor(store: RefreshTokenStore, limit: number) {
    this.#ofStrangers = new FailuresInARow(store, 'username', limit);
    this.#ofKnown = new FailuresInARow(store, 'known-address', limit);
    this.#known = counterOf(store, 'known-address', KNOWN_FOR_SECONDS);
  }

  /** The limit, by username, for guesses from one address. */
  from(address: string): Limit {
    // Whatever has no address would become known together with everything else that has none.
    if (address === UNKNOWN_ADDRESS) return this.#ofStrangers;
    return { enter: (username) => this.#enter(username, digestOf(`${address} ${username}`)) };
  }

  async #enter(username: string, pair: string): Promise<CountedGuess> {
    // Only read: by counting, parallel guesses would make each other known.
    const isKnown = await this.#known.has?.(pair);
    const counted = await (isKnown ? this.#ofKnown.enter(pair) : this.#ofStrangers.enter(username));
    const remember = () => this.#known.hold(pair, KNOWN_FOR_SECONDS);
    const succeeded = async () => void (await Promise.all([counted.succeeded(), remember()]));
    return { ...counted, succeeded };
  }
}
