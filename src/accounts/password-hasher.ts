import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { AuthError, serviceUnavailable } from '../errors.js';
import { BCRYPT_BYTES, isLongForBcrypt, type LongPasswords } from '../utils/bcrypt-bytes.js';
import type { PasswordTask } from './password-worker.js';

/** bcrypt reads only 72 bytes. Longer passwords are hashed first, and this marker before the hash says so. */
const PREHASHED = 'hmac-sha384';
/** With this many tasks ahead, a login would wait about a minute: it gets 503 instead. */
const MAX_QUEUED = 100;
const IDLE_THREAD_MS = 60_000;

export interface Verification {
  matches: boolean;
  /** The hash is weaker than what `hash` makes today: the caller should replace it. */
  needsRehash: boolean;
}

/** Hashes passwords with bcrypt in worker threads, which start with the first password and end when idle. */
export class PasswordHasher {
  readonly #cost: number;
  readonly #long: LongPasswords;
  readonly #workerFile: string;
  #pool: Piscina<PasswordTask, string | boolean> | undefined;

  /**
   * @param long `'refuse'`: every hash is plain bcrypt, which other code can check, and no longer password matches
   * @throws Error where the file of the threads is missing, because this package was put into a bundle
   */
  constructor(cost: number, long: LongPasswords = 'prehash') {
    this.#cost = cost;
    this.#long = long;
    this.#workerFile = findWorkerFile();
  }

  /** @throws AuthError SERVICE_UNAVAILABLE when the queue is full; RangeError for a password that is refused */
  async hash(password: string): Promise<string> {
    const normalized = password.normalize('NFC');
    if (this.#refuses(normalized))
      throw new RangeError(`The password has more than ${BCRYPT_BYTES} bytes, which password.long refuses`);
    const long = this.#prehashes(normalized);
    const secret = long ? prehash(normalized) : normalized;
    const hash = (await this.#run({ task: 'hash', secret, cost: this.#cost })) as string;
    return long ? PREHASHED + hash : hash;
  }

  /**
   * Takes the same time for a wrong password, for no hash at all (an unknown user) and for a malformed one.
   * @throws AuthError SERVICE_UNAVAILABLE when the queue is full
   */
  async verify(password: string, found: string | null): Promise<Verification> {
    const normalized = password.normalize('NFC');
    const stored = this.#refuses(normalized) ? null : found;
    if (stored?.startsWith(PREHASHED)) {
      const hash = stored.slice(PREHASHED.length);
      const matches = await this.#compare(prehash(normalized), hash);
      // The other branch makes a second comparison: this one takes the same time.
      if (!matches && password !== normalized) await this.#compare(password, null);
      return { matches, needsRehash: matches && (this.#long === 'refuse' || costOf(hash) < this.#cost) };
    }
    if (await this.#compare(normalized, stored)) {
      // Another system made this hash, and cut the long password off.
      return { matches: true, needsRehash: this.#prehashes(normalized) || costOf(stored) < this.#cost };
    }
    // Other systems hash a password as it was typed.
    const matches = password !== normalized && (await this.#compare(password, stored));
    return { matches, needsRehash: matches };
  }

  /** Ends the threads; tasks in flight reject. The next password starts new threads. */
  async close(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.destroy();
  }

  #refuses(normalized: string): boolean {
    return this.#long === 'refuse' && isLongForBcrypt(normalized);
  }

  /** Also at 72 bytes, because some implementations of bcrypt count a byte at the end. */
  #prehashes(normalized: string): boolean {
    return this.#long === 'prehash' && Buffer.byteLength(normalized) >= BCRYPT_BYTES;
  }

  async #compare(secret: string, hash: string | null): Promise<boolean> {
    return (await this.#run({ task: 'compare', secret, hash, cost: this.#cost })) as boolean;
  }

  async #run(task: PasswordTask): Promise<string | boolean> {
    this.#pool ??= this.#startPool();
    if (this.#pool.queueSize >= MAX_QUEUED) {
      throw new AuthError('SERVICE_UNAVAILABLE', {
        cause: new Error('The queue of passwords to hash is full'),
        retryAfterSeconds: 5,
      });
    }
    try {
      return await this.#pool.run(task);
    } catch (error) {
      // The task itself never throws. Its thread has ended, or never started.
      throw serviceUnavailable(error);
    }
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
    pool.on('error', () => {
      if (this.#pool === pool) this.#pool = undefined;
      void pool.destroy();
    });
    return pool;
  }
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

function costOf(hash: string | null): number {
  return Number(hash?.slice(4, 6));
}
