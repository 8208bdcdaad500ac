import type { AttemptCounter } from '../stores/attempt-counter.js';
import { digestOf } from '../utils/digest.js';
import { UNKNOWN_ADDRESS } from './address.js';
import { ConsecutiveFailures } from './consecutive-failures.js';
import { counterOf, type CountedAttempt, type CounterStore, type Limit } from './limit.js';

/** As long as the longest session by default: a user who still has one seldom needs the password. */
const KNOWN_FOR_SECONDS = 30 * 24 * 60 * 60;

/**
 * Consecutive failures for a username: one count for each address that the user has logged in from, and one for all other
 * addresses together. With a single count, a stranger who takes every turn of a locked name could keep its user out.
 *
 * An attempt counts in one of them only, so no address gets the free failures twice. A success resets only its own count:
 * otherwise a script that logs in every minute from its known address would give strangers new free failures every minute.
 */
export class UsernameFailures {
  readonly #fromUnknownAddresses: ConsecutiveFailures;
  readonly #fromKnownAddresses: ConsecutiveFailures;
  readonly #known: AttemptCounter;

  constructor(store: CounterStore, limit: number) {
    this.#fromUnknownAddresses = new ConsecutiveFailures(store, 'username', limit);
    this.#fromKnownAddresses = new ConsecutiveFailures(store, 'known-address', limit);
    this.#known = counterOf(store, 'known-address', KNOWN_FOR_SECONDS);
  }

  /** The limit, by username, on attempts from one address. */
  from(address: string): Limit {
    // Otherwise all clients without an address would become known together.
    if (address === UNKNOWN_ADDRESS) return this.#fromUnknownAddresses;
    return { enter: (username) => this.#enter(username, digestOf(`${address} ${username}`)) };
  }

  /** As many questions to the store as `enter` asks, without counting: the time of an answer must not tell which names exist. */
  async pretend(address: string, username: string): Promise<void> {
    const pair = digestOf(`${address} ${username}`);
    if (address !== UNKNOWN_ADDRESS) await this.#known.has?.(pair);
    await this.#known.has?.(pair);
  }

  async #enter(username: string, pair: string): Promise<CountedAttempt> {
    // Reads without counting: a count would make parallel attempts known to each other.
    const isKnown = await this.#known.has?.(pair);
    const counted = await (isKnown
      ? this.#fromKnownAddresses.enter(pair)
      : this.#fromUnknownAddresses.enter(username));
    const remember = () => this.#known.hold(pair, KNOWN_FOR_SECONDS);
    const succeeded = async () => void (await Promise.all([counted.succeeded(), remember()]));
    return { ...counted, succeeded };
  }
}
