import type { ThreadedScheme } from './password-scheme.js';
import type { PhpassTask } from './phpass-worker.js';
import { ThreadPool } from './thread-pool.js';

/** `$P$` and `$H$` (phpBB): MD5, 2^n times; then 8 characters of salt and 22 of digest. */
const PORTABLE = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/;
/** WordPress from 6.8 on. */
const WORDPRESS = /^\$wp(\$2y\$(\d\d)\$[./A-Za-z0-9]{53})$/;

const DIGITS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** phpass itself takes 7 to 30. WordPress uses 13; 18 takes about half a second. */
const ROUNDS_LOG2 = { least: 7, most: 18 };
/** bcrypt's cost: 14 takes about a second. PHP uses 10, and 12 from PHP 8.4 on. */
const COST = { least: 4, most: 14 };
/** phpass and WordPress refuse longer ones: each round reads the whole password. */
const MAX_PASSWORD_BYTES = 4096;

/**
 * The hashes of WordPress, which it only checks: phpass' `$P$…` and phpBB's `$H$…`, and `$wp$2y$…` of WordPress 6.8, bcrypt over
 * HMAC-SHA-384. Runs in worker threads. A stored hash of more than 2^18 rounds, or of a bcrypt cost above 14, never matches; nor does
 * a password of more than 4096 bytes, as in WordPress.
 * @throws Error where the file of the threads is missing, because this package was put into a bundle
 */
export function phpass(): ThreadedScheme {
  const threads = new ThreadPool<PhpassTask, boolean>(() => require.resolve('#phpass-worker'));
  return {
    matches: (hash) => PORTABLE.test(hash) || WORDPRESS.test(hash),
    problem,
    async verify(password, hash) {
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES || problem(hash) !== undefined) return false;
      const task = taskOf(password, hash);
      return task !== undefined && threads.run(task);
    },
    close: () => threads.close(),
  };
}

function taskOf(password: string, hash: string): PhpassTask | undefined {
  const bcryptHash = WORDPRESS.exec(hash)?.[1];
  if (bcryptHash !== undefined) return { scheme: 'wordpress', password, hash: bcryptHash };
  const [, digit = '', salt = '', digest = ''] = PORTABLE.exec(hash) ?? [];
  return digest === ''
    ? undefined
    : { scheme: 'portable', password, rounds: 2 ** DIGITS.indexOf(digit), salt, digest };
}

function problem(hash: string): string | undefined {
  const cost = WORDPRESS.exec(hash)?.[2];
  if (cost !== undefined) return outside('a bcrypt cost of', Number(cost), COST);
  const digit = PORTABLE.exec(hash)?.[1];
  return digit === undefined
    ? undefined
    : outside('phpass with rounds of 2 to the', DIGITS.indexOf(digit), ROUNDS_LOG2);
}

function outside(what: string, value: number, { least, most }: typeof COST): string | undefined {
  return value >= least && value <= most ? undefined : `${what} ${value}, not ${least} to ${most}`;
}
