import { serviceUnavailable } from '../errors.js';
import { READY_TIMEOUT_MS } from '../sessions/revocations.js';
import type { ReadJwkSet } from '../tokens/jwk-set.js';
import { mayBeOfAnotherKey } from '../tokens/unknown-key.js';
import { asError } from '../utils/as-error.js';
import { Waiting } from '../utils/waiting.js';
import { prepareFor, type KeySource } from './key-source.js';

/** How often and how long the server of the keys is asked, in milliseconds. */
export const KEY_TIMES = {
  /** How long an answer may take. A request must be answered within 2 seconds. */
  timeout: 1500,
  /** How old keys get before they are read again. A key that the server has withdrawn is refused after that. */
  maxAge: 300_000,
  /** The time between two questions because of a token whose key isn't known. Anyone can write such a token. */
  unknownKey: 30_000,
  /** The time until the next question after one without an answer: at first, doubled each time, and at most. */
  firstRetry: 250,
  lastRetry: 30_000,
  /** The same while there are no keys at all, and every request gets 503. */
  lastRetryWithoutKeys: 2000,
};

/** Asks the server. Rejects with an Error that gives the reason; that of the signal, when it is aborted. */
type ReadKeys = (givenUp: AbortSignal) => Promise<ReadJwkSet>;

/**
 * Keys that a server publishes. They are read at the start, every five minutes, and when a token names another key. What has been
 * read last stays good while the server can't be reached, or answers with something else.
 */
export class RemoteKeys implements KeySource {
  keys: ReadJwkSet | undefined;
  failure: Error | undefined = new Error('The keys have not been read yet');
  readonly #read: ReadKeys;
  readonly #onFailure: (error: Error) => void;
  readonly #waiting = new Waiting();
  #asking: Promise<void> | undefined;
  #question = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  /** Monotonic: a change of the system clock must not bring another question. */
  #askedForUnknownAtMs = -Infinity;
  #isClosed = false;

  /**
   * Asks at once.
   * @param onFailure called for each question without a good answer
   */
  constructor(read: ReadKeys, onFailure: (error: Error) => void) {
    this.#read = read;
    this.#onFailure = onFailure;
    void this.#ask();
  }

  neededFor(tokens: readonly string[]): Promise<void> | undefined {
    const { keys } = this;
    if (tokens.length === 0) return undefined;
    if (!keys) return this.#asking;
    if (!tokens.some((token) => mayBeOfAnotherKey(token, keys))) return undefined;
    const now = performance.now();
    if (this.#asking || now - this.#askedForUnknownAtMs < KEY_TIMES.unknownKey) return this.#asking;
    this.#askedForUnknownAtMs = now;
    return this.#ask();
  }

  async ready(): Promise<void> {
    if (!this.keys && !this.#isClosed) await this.#waiting.atMost(READY_TIMEOUT_MS);
    if (!this.keys) throw serviceUnavailable(this.failure);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const reason = new Error('close() has been called');
    if (!this.keys) this.failure = reason;
    // A server that doesn't answer would keep the process alive.
    this.#question.abort(reason);
    this.#waiting.release();
  }

  /** All who ask meanwhile wait for the same answer. */
  #ask(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    clearTimeout(this.#timer);
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    const { timeout } = KEY_TIMES;
    // Held here. A signal of AbortSignal.any() can be collected as garbage in Node 20 before it aborts.
    const question = (this.#question = new AbortController());
    const overdue = setTimeout(() => question.abort(new Error(`no answer within ${timeout} ms`)), timeout);
    try {
      const keys = await this.#read(question.signal);
      // The same keys stay the same object, and with them the tokens that are known to be good.
      if (keys.fingerprint !== this.keys?.fingerprint) {
        prepareFor(keys);
        this.keys = keys;
      }
      this.failure = undefined;
      this.#failures = 0;
      this.#waiting.release();
    } catch (error) {
      if (this.#isClosed) return;
      this.failure = asError(error) as Error;
      this.#failures += 1;
      this.#onFailure(this.failure);
    } finally {
      clearTimeout(overdue);
    }
    if (!this.#isClosed) this.#timer = setTimeout(() => void this.#ask(), this.#pauseMs()).unref();
  }

  #pauseMs(): number {
    if (this.#failures === 0) return KEY_TIMES.maxAge;
    const longest = this.keys ? KEY_TIMES.lastRetry : KEY_TIMES.lastRetryWithoutKeys;
    return Math.min(KEY_TIMES.firstRetry * 2 ** (this.#failures - 1), longest);
  }
}
