import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { AuthError, serviceUnavailable } from '../errors.js';
import { NO_ORIGIN } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import { addressGroup } from '../utils/address-group.js';
import { announceLocked, type Requester } from '../limits/announce-locked.js';
import { BCRYPT_BYTES, isLongForBcrypt, type LongPasswords } from '../utils/bcrypt-bytes.js';
import { FairQueue, QueueFull, type Share } from './fair-queue.js';
import type { PasswordTask } from './password-worker.js';

/** bcrypt reads only 72 bytes. Longer passwords are hashed first, and this marker before the hash says so. */
const PREHASHED = 'hmac-sha384';
/** With this many tasks ahead, a login would wait about half a minute: it gets 503 instead. */
const MAX_QUEUED = 100;
/** How many of them may be for one address (IPv6: its /64), and for one user who has logged in. */
const MAX_QUEUED_FOR_ADDRESS = 50;
const MAX_QUEUED_FOR_USER = 10;
const RETRY_AFTER_SECONDS = 5;
/** How much slower than `cost` a hash may be for unknown names to take as long: two steps are four times the work. */
const MAX_STEPS_ABOVE = 2;
const IDLE_THREAD_MS = 60_000;

export interface Verification {
  matches: boolean;
  /** The hash is not what `hash` makes today: the caller should replace it. */
  needsRehash: boolean;
}

/**
 * Hashes passwords with bcrypt in worker threads, which start with the first password and end when idle. Each address and each user
 * has a share of the queue in front of them. A login waits as its address only: anyone can type the name of another user.
 */
export class PasswordHasher {
  readonly #cost: number;
  /** What a comparison that fails costs: as much as with the slowest hash so far, or its time would tell that the user exists. */
  #failingCost: number;
  readonly #long: LongPasswords;
  readonly #events: Pick<AuthEvents, 'announce'> | undefined;
  readonly #workerFile: string;
  readonly #queue = new FairQueue({ concurrency: availableParallelism(), capacity: MAX_QUEUED });
  #pool: Piscina<PasswordTask, string | boolean> | undefined;

  /**
   * @param long `'refuse'`: every hash is plain bcrypt, which other code can check, and no longer password matches
   * @param events get `locked` for each password that finds the share of its address or its user full
   * @throws Error where the file of the threads is missing, because this package was put into a bundle
   */
  constructor(cost: number, long: LongPasswords = 'prehash', events?: Pick<AuthEvents, 'announce'>) {
    this.#cost = cost;
    this.#failingCost = cost;
    this.#long = long;
    this.#events = events;
    this.#workerFile = findWorkerFile();
  }

  /**
   * @param requester who waits in the queue. Default: server code, which has a share of its own
   * @throws AuthError TOO_MANY_ATTEMPTS when the requester's share of the queue is full, SERVICE_UNAVAILABLE when the whole queue
   * is; RangeError for a password that is refused
   */
  async hash(password: string, requester: Requester = NO_ORIGIN): Promise<string> {
    const normalized = password.normalize('NFC');
    if (this.#refuses(normalized))
      throw new RangeError(`The password has more than ${BCRYPT_BYTES} bytes, which password.long refuses`);
    const long = this.#prehashes(normalized);
    const secret = long ? prehash(normalized) : normalized;
    const hash = (await this.#run({ task: 'hash', secret, cost: this.#cost }, requester)) as string;
    return long ? PREHASHED + hash : hash;
  }

  /**
   * Takes the same time for a wrong password, for no hash at all (an unknown user) and for a malformed one.
   * @param requester as for `hash`
   * @throws AuthError TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE: as `hash`
   */
  async verify(
    password: string,
    found: string | null,
    requester: Requester = NO_ORIGIN,
  ): Promise<Verification> {
    const normalized = password.normalize('NFC');
    const stored = this.#refuses(normalized) ? null : found;
    if (stored?.startsWith(PREHASHED)) {
      const hash = stored.slice(PREHASHED.length);
      const matches = await this.#compare(prehash(normalized), hash, requester);
      // The other branch makes a second comparison: this one takes the same time.
      if (!matches && password !== normalized) await this.#compare(password, null, requester);
      return { matches, needsRehash: matches && (this.#long === 'refuse' || costOf(hash) !== this.#cost) };
    }
    if (await this.#compare(normalized, stored, requester)) {
      // Another system made this hash, and cut the long password off.
      return { matches: true, needsRehash: this.#prehashes(normalized) || costOf(stored) !== this.#cost };
    }
    // Other systems hash a password as it was typed.
    const matches = password !== normalized && (await this.#compare(password, stored, requester));
    return { matches, needsRehash: matches };
  }

  /** Ends the threads; tasks in flight and in the queue reject. The next password starts new threads. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    this.#queue.clear(serviceUnavailable(new Error('The password hasher has been closed')));
    await pool?.destroy();
  }

  #refuses(normalized: string): boolean {
    return this.#long === 'refuse' && isLongForBcrypt(normalized);
  }

  /** Also at 72 bytes, because some implementations of bcrypt count a byte at the end. */
  #prehashes(normalized: string): boolean {
    return this.#long === 'prehash' && Buffer.byteLength(normalized) >= BCRYPT_BYTES;
  }

  async #compare(secret: string, hash: string | null, requester: Requester): Promise<boolean> {
    const stored = costOf(hash);
    if (stored > this.#failingCost && stored <= this.#cost + MAX_STEPS_ABOVE) this.#failingCost = stored;
    const task = { task: 'compare', secret, hash, cost: this.#failingCost } as const;
    return (await this.#run(task, requester)) as boolean;
  }

  async #run(task: PasswordTask, requester: Requester): Promise<string | boolean> {
    try {
      return await this.#queue.run(sharesOf(requester), () => (this.#pool ??= this.#startPool()).run(task));
    } catch (error) {
      if (error instanceof QueueFull) throw this.#refusal(error, requester);
      if (error instanceof AuthError) throw error;
      // The task itself never throws. Its thread has ended, or never started.
      throw serviceUnavailable(error);
    }
  }

  #refusal(cause: QueueFull, requester: Requester): AuthError {
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    const { key } = cause;
    if (key === undefined) {
      const full = new Error('The queue of passwords to hash is full', { cause });
      return new AuthError('SERVICE_UNAVAILABLE', { cause: full, retryAfterSeconds });
    }
    announceLocked(this.#events, { limit: 'hashing', key, retryAfterSeconds }, requester);
    return new AuthError('TOO_MANY_ATTEMPTS', { cause, retryAfterSeconds });
  }

  #startPool(): Piscina<PasswordTask, string | boolean> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { Piscina } = require('piscina') as typeof import('piscina');
    const pool = new Piscina<PasswordTask, string | boolean>({
      filename: this.#workerFile,
      minThreads: 0,
      maxThreads: availableParallelism(),
      idleTimeout: IDLE_THREAD_MS,
    });
    // A thread that can't start would leave its tasks waiting for ever; ending the pool rejects them.
    pool.on('error', (error) => {
      if (this.#pool === pool) {
        this.#pool = undefined;
        this.#queue.clear(serviceUnavailable(error));
      }
      void pool.destroy();
    });
    return pool;
  }
}

/** Server code has no address: all of it shares one. */
function sharesOf({ ip, userId }: Requester): Share[] {
  const address = { key: addressGroup(ip), waiting: MAX_QUEUED_FOR_ADDRESS };
  return userId === undefined ? [address] : [address, { key: userId, waiting: MAX_QUEUED_FOR_USER }];
}

/** A bundler leaves the file out, or replaces its path by a number of its own. The first password would fail then. */
function findWorkerFile(): string {
  let file: unknown;
  let cause: unknown;
  try {
    file = require.resolve('#password-worker');
  } catch (error) {
    cause = error;
  }
  if (typeof file === 'string' && existsSync(file)) return file;
  throw new Error(
    'The file of the password threads is missing: a bundler must leave passport-visa out of the bundle ' +
      "(esbuild: external: ['passport-visa']; webpack: externals; Next.js: serverExternalPackages). Jest finds it from 29.4 on",
    { cause },
  );
}

/** 64 base64 characters that depend on the whole password. The fixed key keeps digests of other systems from matching. */
function prehash(password: string): string {
  return createHmac('sha384', 'passport-visa password').update(password).digest('base64');
}

/** NaN for a hash of another form. */
function costOf(hash: string | null): number {
  return Number(hash?.slice(4, 6));
}
