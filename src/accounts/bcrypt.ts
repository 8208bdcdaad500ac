import { createHmac } from 'node:crypto';
import { serviceUnavailable } from '../errors.js';
import { ThreadPool } from '../hashes/thread-pool.js';
import { BCRYPT_BYTES, isLongForBcrypt, type LongPasswords } from '../utils/bcrypt-bytes.js';
import type { PasswordTask } from './password-worker.js';
import type { MainScheme } from './scheme.js';

/** bcrypt reads only 72 bytes. Longer passwords are hashed first, and this marker before the hash says so. */
const PREHASHED = 'hmac-sha384';
const FORM = /^(hmac-sha384)?\$2[aby]\$/;
/** How much slower than `cost` a hash may be for unknown names to take as long: two steps are four times the work. */
const MAX_STEPS_ABOVE = 2;
/** A stored hash of this cost takes some seconds, and each step doubles them. A row must not keep a thread for hours. */
const MAX_COST = 16;

/** bcrypt in worker threads. */
export class Bcrypt implements MainScheme {
  readonly #cost: number;
  /** What a comparison that fails costs: as much as with the slowest hash so far, or its time would tell that the user exists. */
  #failingCost: number;
  readonly #long: LongPasswords;
  readonly #threads: ThreadPool<PasswordTask, string | boolean>;

  /**
   * @param onError called when a thread can't start
   * @throws Error where the file of the threads is missing, because this package was put into a bundle
   */
  constructor(cost: number, long: LongPasswords, onError: (error: unknown) => void) {
    this.#cost = cost;
    this.#failingCost = cost;
    this.#long = long;
    this.#threads = new ThreadPool(() => require.resolve('#password-worker'), onError);
  }

  matches(hash: string): boolean {
    return FORM.test(hash);
  }

  problem(hash: string): string | undefined {
    const cost = costOf(withoutMarker(hash));
    const most = Math.max(MAX_COST, this.#cost + MAX_STEPS_ABOVE);
    return cost > most ? `a bcrypt cost of ${cost}, more than ${most}` : undefined;
  }

  /** @throws RangeError for a password that `'refuse'` refuses; AuthError SERVICE_UNAVAILABLE */
  async hash(password: string): Promise<string> {
    if (this.refuses(password))
      throw new RangeError(`The password has more than ${BCRYPT_BYTES} bytes, which password.long refuses`);
    const long = this.#prehashes(password);
    const secret = long ? prehash(password) : password;
    const hash = (await this.#run({ task: 'hash', secret, cost: this.#cost })) as string;
    return long ? PREHASHED + hash : hash;
  }

  /** @throws AuthError SERVICE_UNAVAILABLE */
  async verify(password: string, found: string | null): Promise<boolean> {
    const stored = this.refuses(password) ? null : found;
    return stored?.startsWith(PREHASHED)
      ? this.#compare(prehash(password), withoutMarker(stored))
      : this.#compare(password, stored);
  }

  needsRehash(hash: string, password: string): boolean {
    if (hash.startsWith(PREHASHED))
      return this.#long === 'refuse' || costOf(withoutMarker(hash)) !== this.#cost;
    // Another system made the plain hash of a long password, and cut it off.
    return this.#prehashes(password) || costOf(hash) !== this.#cost;
  }

  /** Ends the threads; tasks reject. The next password starts new threads. */
  close(): Promise<void> {
    return this.#threads.close();
  }

  /** Whether the option `password.long` refuses it. */
  refuses(password: string): boolean {
    return this.#long === 'refuse' && isLongForBcrypt(password);
  }

  /** Also at 72 bytes, because some implementations of bcrypt count a byte at the end. */
  #prehashes(password: string): boolean {
    return this.#long === 'prehash' && Buffer.byteLength(password) >= BCRYPT_BYTES;
  }

  async #compare(secret: string, hash: string | null): Promise<boolean> {
    const stored = costOf(hash);
    if (stored > this.#failingCost && stored <= this.#cost + MAX_STEPS_ABOVE) this.#failingCost = stored;
    return (await this.#run({ task: 'compare', secret, hash, cost: this.#failingCost })) as boolean;
  }

  async #run(task: PasswordTask): Promise<string | boolean> {
    try {
      return await this.#threads.run(task);
    } catch (error) {
      // The task itself never throws. Its thread has ended, or never started.
      throw serviceUnavailable(error);
    }
  }
}

/** 64 base64 characters that depend on the whole password. The fixed key keeps digests of other systems from matching. */
function prehash(password: string): string {
  return createHmac('sha384', 'passport-visa password').update(password).digest('base64');
}

function withoutMarker(stored: string): string {
  return stored.startsWith(PREHASHED) ? stored.slice(PREHASHED.length) : stored;
}

/** NaN for a hash of another form. */
function costOf(hash: string | null): number {
  return Number(hash?.slice(4, 6));
}
