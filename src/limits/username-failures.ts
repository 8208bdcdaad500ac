import type { AttemptCounter } from '../stores/attempt-counter.js';
import { digestOf } from '../utils/digest.js';
import { UNKNOWN_ADDRESS } from '../utils/address-group.js';
import { ConsecutiveFailures } from './consecutive-failures.js';
import { counterOf, type CountedAttempt, type CounterStore, type Limit } from './limit.js';

/** As long as the longest session by default: a user who still has one seldom needs the password. */
const KNOWN_FOR_SECONDS = 30 * 24 * 60 * 60;

/** More than lies between the count by the typed name and the one by the user, who is looked up in between. */
const MAX_REQUEST_SECONDS = 5;

/**
 * Consecutive failures for a username, or for a user: one count for each address that the user has logged in from, and one for
 * all other addresses together. With a single count, a stranger who takes every turn of a locked name could keep its user out.
 *
 * An attempt counts in one of them only, so no address gets the free failures twice. A success resets only its own count:
 * otherwise a script that logs in every minute from its known address would give strangers new free failures every minute.
 */
export class UsernameFailures {
  readonly #fromUnknownAddresses: ConsecutiveFailures;
  readonly #fromKnownAddresses: ConsecutiveFailures;
  readonly #known: AttemptCounter;

  private constructor(
    store: CounterStore,
    limit: number,
    names: { unknown: string; known: string },
    waitsEndEarlierBySeconds?: number,
  ) {
    const failures = (name: string) => new ConsecutiveFailures(store, name, limit, waitsEndEarlierBySeconds);
    this.#fromUnknownAddresses = failures(names.unknown);
    this.#fromKnownAddresses = failures(names.known);
    this.#known = counterOf(store, names.known, KNOWN_FOR_SECONDS);
  }

  /** By the name that was typed, whether or not it has a user. */
  static byTypedName(store: CounterStore, limit: number): UsernameFailures {
    return new UsernameFailures(store, limit, { unknown: 'username', known: 'known-address' });
  }

  /**
   * By the id of the user, for logins by other names than the user's own. Each of them has had its turn by the typed name when it
   * is counted here, so the turn here must have come by then.
   */
  static byOtherNames(store: CounterStore, limit: number): UsernameFailures {
    const names = { unknown: 'other-names', known: 'other-names-known-address' };
    return new UsernameFailures(store, limit, names, MAX_REQUEST_SECONDS);
  }

  /** The limit on attempts from one address. */
  from(address: string): Limit {
    // Otherwise all clients without an address would become known together.
    if (address === UNKNOWN_ADDRESS) return this.#fromUnknownAddresses;
    return { enter: (key) => this.#enter(key, digestOf(`${address} ${key}`)) };
  }

  /** An address that is known for a name becomes known for another one. */
  async follow(address: string, from: string, to: string): Promise<void> {
    if (address === UNKNOWN_ADDRESS || !(await this.#known.has?.(digestOf(`${address} ${from}`)))) return;
    await this.#known.hold(digestOf(`${address} ${to}`), KNOWN_FOR_SECONDS);
  }

  /** As many questions to the store as `enter` asks, without counting: the time of an answer must not tell which names exist. */
  async pretend(address: string, key: string): Promise<void> {
    const pair = digestOf(`${address} ${key}`);
    if (address !== UNKNOWN_ADDRESS) await this.#known.has?.(pair);
    await this.#known.has?.(pair);
  }

  async #enter(key: string, pair: string): Promise<CountedAttempt> {
    // Reads without counting: a count would make parallel attempts known to each other.
    const isKnown = await this.#known.has?.(pair);
    const counted = await (isKnown
      ? this.#fromKnownAddresses.enter(pair)
      : this.#fromUnknownAddresses.enter(key));
    const remember = () => this.#known.hold(pair, KNOWN_FOR_SECONDS);
    const succeeded = async () => void (await Promise.all([counted.succeeded(), remember()]));
    return { ...counted, succeeded };
  }
}
