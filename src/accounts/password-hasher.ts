import { availableParallelism } from 'node:os';
import { AuthError, serviceUnavailable } from '../errors.js';
import { NO_ORIGIN } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { OwnSchemes } from '../hashes/password-scheme.js';
import { announceLocked } from '../limits/announce-locked.js';
import type { Requester } from '../limits/requester.js';
import { withoutMark } from '../stores/unfinished-change.js';
import { addressGroup, addressNetwork } from '../utils/address-group.js';
import type { LongPasswords } from '../utils/bcrypt-bytes.js';
import { nfc } from '../utils/nfc.js';
import { AppHasher, VerifyingAppScheme } from './app-schemes.js';
import { Bcrypt } from './bcrypt.js';
import { FairQueue, QueueFull, Unwanted, type Share } from './fair-queue.js';
import type { MainScheme, Scheme } from './scheme.js';

/** With this many tasks ahead, a login would wait about half a minute: it gets 503 instead. */
const MAX_QUEUED = 100;
/** How many of them may be for one address (IPv6: its /64), and for one user who has logged in. */
const MAX_QUEUED_FOR_ADDRESS = 50;
const MAX_QUEUED_FOR_USER = 10;
/**
 * A network counts as so many addresses. With fewer, users of one provider would wait for each other. With many more, anyone who
 * rents a network would be a crowd of new users.
 */
const ADDRESSES_OF_NETWORK = 32;
const RETRY_AFTER_SECONDS = 5;
/** How many threads of libuv's pool there are, unless the environment says otherwise. */
const LIBUV_THREADS = 4;

export interface Verification {
  matches: boolean;
  /** The hash is not what `hash` makes today: the caller should replace it. */
  needsRehash: boolean;
  /** Why the hash can't be checked at all. It has no part of the hash, so it may be logged. */
  problem?: string;
}

/**
 * Hashes passwords, with bcrypt or with the app's `password.hasher`, and checks hashes of every scheme. All of it runs in a queue, of
 * which each address and each user has a share. A login waits as its address only: anyone can type the name of another user.
 *
 * Time must not tell whether a user exists, nor which scheme their hash has. So a failed check runs every scheme that this process has
 * met once: the user's own on the hash, the others on one that never counts.
 */
export class PasswordHasher {
  readonly #bcrypt: Bcrypt;
  /** Makes new hashes. */
  readonly #main: MainScheme;
  /** In the order in which they are asked for the form of a hash. */
  readonly #schemes: readonly Scheme[];
  /** Those that a failed check runs. */
  readonly #met: Set<Scheme>;
  readonly #events: Pick<AuthEvents, 'announce'> | undefined;
  readonly #queue: FairQueue;

  /**
   * @param cost bcrypt's
   * @param long `'refuse'`: every bcrypt hash is plain, which other code can check, and no longer password matches
   * @param events get `locked` for each password that finds the share of its address or its user full
   * @throws Error where the file of the threads is missing, because this package was put into a bundle
   */
  constructor(
    cost: number,
    long: LongPasswords = 'prehash',
    events?: Pick<AuthEvents, 'announce'>,
    { hasher, verifiers = [] }: OwnSchemes = {},
  ) {
    this.#bcrypt = new Bcrypt(cost, long, (error) => {
      this.#queue.clear(serviceUnavailable(error));
    });
    const others = verifiers.map(
      (each, index) => new VerifyingAppScheme(each, `password.verifiers.${index}`),
    );
    const main = hasher && new AppHasher(hasher);
    this.#main = main ?? this.#bcrypt;
    this.#schemes = main?.knowsItsForm
      ? [main, this.#bcrypt, ...others]
      : [this.#bcrypt, ...others, ...(main ? [main] : [])];
    this.#met = new Set([this.#main]);
    this.#events = events;
    const concurrency = this.#schemes.length > 1 ? threadsForHashes() : availableParallelism();
    this.#queue = new FairQueue({ concurrency, capacity: MAX_QUEUED });
  }

  /**
   * @param requester who waits in the queue. Default: server code, which has a share of its own
   * @throws AuthError TOO_MANY_ATTEMPTS when the requester's share of the queue is full, SERVICE_UNAVAILABLE when the whole queue
   * is; RangeError for a password that is refused; Error when the app's hasher fails
   */
  hash(password: string, requester: Requester = NO_ORIGIN): Promise<string> {
    return this.#run(() => this.#main.hash(nfc(password)), requester);
  }

  /**
   * Takes the same time for a wrong password, for no hash at all (an unknown user) and for a malformed one.
   * @param found the hash as it is stored, with or without the mark of an unfinished change
   * @param requester as for `hash`
   * @throws AuthError TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE, Error: as `hash`
   */
  async verify(
    password: string,
    found: string | null,
    requester: Requester = NO_ORIGIN,
  ): Promise<Verification> {
    const stored = found === null ? null : withoutMark(found);
    const normalized = nfc(password);
    // Other systems hash a password as it was typed.
    const forms = password === normalized ? [password] : [normalized, password];
    const { scheme, problem } = this.#schemeOf(stored);
    // What has been begun is judged to its end. Otherwise a client could guess, hang up, and take the attempt back.
    let waiting = requester;
    const run = async (task: () => Promise<boolean>) => {
      const turn = this.#run(task, waiting);
      waiting = { ...requester, isGone: undefined };
      return turn;
    };
    if (scheme) {
      for (const form of forms) {
        if (await run(() => scheme.verify(form, stored)))
          return {
            matches: true,
            // A hash with a mark was made just now, and only the end of the sessions may take the mark away. A password that
            // can't be hashed keeps the hash it has.
            needsRehash:
              stored === found &&
              this.#main.refuses?.(normalized) !== true &&
              (form !== normalized || (await this.#needsRehash(scheme, stored, form))),
          };
      }
    }
    for (const other of this.#met) {
      if (other === scheme) continue;
      for (const form of forms) await run(() => other.verify(form, null));
    }
    return { matches: false, needsRehash: false, ...(problem !== undefined && { problem }) };
  }

  /** Tries the app's hasher once. @throws TypeError if it can't tell a right password from a wrong one */
  async ready(): Promise<void> {
    await this.#main.ready?.();
  }

  /** Ends the threads; tasks in flight and in the queue reject. The next password starts new threads. */
  async close(): Promise<void> {
    this.#queue.clear(serviceUnavailable(new Error('The password hasher has been closed')));
    await Promise.all(this.#schemes.map((scheme) => scheme.close()));
  }

  #schemeOf(stored: string | null): { scheme?: Scheme; problem?: string } {
    if (stored === null) return {};
    const scheme = this.#schemes.find((each) => each.matches(stored));
    const problem = scheme ? scheme.problem?.(stored) : 'no scheme has its form';
    if (problem !== undefined) return { problem };
    this.#met.add(scheme as Scheme);
    return { scheme: scheme as Scheme };
  }

  /** A hash of another scheme always does. */
  async #needsRehash(scheme: Scheme, stored: string | null, password: string): Promise<boolean> {
    return scheme !== this.#main || stored === null || this.#main.needsRehash(stored, password);
  }

  async #run<T>(task: () => Promise<T>, requester: Requester): Promise<T> {
    try {
      return await this.#queue.run(sharesOf(requester), task, requester.isGone);
    } catch (error) {
      if (error instanceof QueueFull) throw this.#refusal(error, requester);
      // Nothing was judged, and no store has failed: not a guess, and not an outage.
      throw error instanceof Unwanted
        ? new AuthError('TOO_MANY_ATTEMPTS', { cause: error, retryAfterSeconds: RETRY_AFTER_SECONDS })
        : error;
    }
  }

  #refusal(cause: QueueFull, requester: Requester): AuthError {
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    if (cause.key === undefined) {
      const full = new Error('The queue of passwords to hash is full', { cause });
      return new AuthError('SERVICE_UNAVAILABLE', { cause: full, retryAfterSeconds });
    }
    const key = cause.key.slice(cause.key.indexOf(' ') + 1);
    announceLocked(this.#events, { limit: 'hashing', key, retryAfterSeconds }, requester);
    return new AuthError('TOO_MANY_ATTEMPTS', { cause, retryAfterSeconds });
  }
}

/** Server code has no address: all of it shares one. The kind comes first in a key, because a user's id may look like an address. */
function sharesOf({ ip, userId }: Requester): Share[] {
  const group = addressGroup(ip);
  const network = addressNetwork(group);
  return [
    { key: `address ${group}`, waiting: MAX_QUEUED_FOR_ADDRESS },
    ...(network === undefined ? [] : [{ key: `network ${network}`, turnsAsOne: ADDRESSES_OF_NETWORK }]),
    ...(userId === undefined ? [] : [{ key: `user ${userId}`, waiting: MAX_QUEUED_FOR_USER }]),
  ];
}

/**
 * scrypt, PBKDF2 and Argon2 of node:crypto run in libuv's pool, which also reads files and resolves names: one of its threads stays free.
 */
function threadsForHashes(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE']) || LIBUV_THREADS;
  return Math.max(1, Math.min(availableParallelism(), threads - 1));
}
