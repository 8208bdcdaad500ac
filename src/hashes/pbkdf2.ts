import { pbkdf2 as nodePbkdf2, randomBytes } from 'node:crypto';
import { lazySchema } from '../utils/lazy-schema.js';
import { parseCall } from '../utils/parse-call.js';
import { derive } from './derive.js';
import { DIGEST_LENGTH, djangoSalt, SALT_LENGTH } from './new-hash.js';
import type { HashingScheme } from './password-scheme.js';
import { unpadded, verifyingScheme, type HashForm, type StoredHash } from './stored-hash.js';

/** What `pbkdf2()` takes. The default is that of OWASP's Password Storage Cheat Sheet for HMAC-SHA-256. */
export interface Pbkdf2Options {
  /** How many times HMAC-SHA-256 is done: 1,000 to 5,000,000. Default: 600,000. */
  iterations?: number;
  /** How new hashes are written; all forms are read. Default: `'phc'`. */
  form?: HashForm;
}

/** Some two seconds. */
const MAX_ITERATIONS = 5_000_000;
const MIN_NEW_ITERATIONS = 1000;

/** passlib writes the number without its name, and `.` for `+`. */
const PHC = /^\$pbkdf2-sha256\$(?:i=)?(\d{1,12})\$([A-Za-z0-9+./]+)\$([A-Za-z0-9+./]+)$/;
const DJANGO = /^pbkdf2_sha256\$(\d{1,12})\$([^$]+)\$([A-Za-z0-9+/]+={0,2})$/;

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    iterations: z.int().min(MIN_NEW_ITERATIONS).max(MAX_ITERATIONS).default(600_000),
    form: z.enum(['phc', 'django']).default('phc'),
  }),
);

/**
 * PBKDF2 with HMAC-SHA-256 (RFC 8018), through node:crypto, for apps that must use it (FIPS 140). Reads
 * `$pbkdf2-sha256$i=600000$salt$digest`, passlib's form of it, and Django's `pbkdf2_sha256$600000$salt$digest`. A stored hash of more than
 * 5,000,000 iterations never matches.
 * @throws TypeError that names the option and the cure
 */
export function pbkdf2(options: Pbkdf2Options = {}): HashingScheme {
  const { iterations, form } = parseCall('pbkdf2()', optionsSchema(), options);
  return {
    ...verifyingScheme({ read, excess, derive: derivePbkdf2 }),
    async hash(password) {
      const salt = form === 'django' ? Buffer.from(djangoSalt()) : randomBytes(SALT_LENGTH);
      const digest = await derivePbkdf2(password, iterations, salt, DIGEST_LENGTH);
      return form === 'django'
        ? `pbkdf2_sha256$${iterations}$${salt.toString()}$${digest.toString('base64')}`
        : `$pbkdf2-sha256$i=${iterations}$${unpadded(salt)}$${unpadded(digest)}`;
    },
    needsRehash(hash) {
      const stored = read(hash);
      return stored?.form !== form || stored.costs !== iterations;
    },
  };
}

function read(hash: string): StoredHash<number> | undefined {
  const phc = PHC.exec(hash);
  const [, iterations, salt = '', digest = ''] = phc ?? DJANGO.exec(hash) ?? [];
  if (iterations === undefined) return undefined;
  const bytes = (text: string) => Buffer.from(text.replaceAll('.', '+'), 'base64');
  return {
    form: phc ? 'phc' : 'django',
    costs: Number(iterations),
    salt: phc ? bytes(salt) : Buffer.from(salt),
    digest: bytes(digest),
  };
}

function excess(iterations: number): string | undefined {
  if (iterations < 1) return 'PBKDF2 without an iteration';
  if (iterations > MAX_ITERATIONS) return `PBKDF2 with ${iterations} iterations, more than ${MAX_ITERATIONS}`;
  return undefined;
}

function derivePbkdf2(password: string, iterations: number, salt: Buffer, length: number): Promise<Buffer> {
  return derive((done) => {
    nodePbkdf2(password, salt, iterations, length, 'sha256', done);
  });
}
