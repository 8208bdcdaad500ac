import { randomBytes, scrypt as nodeScrypt } from 'node:crypto';
import { lazySchema } from '../utils/lazy-schema.js';
import { parseCall } from '../utils/parse-call.js';
import { derive } from './derive.js';
import type { HashingScheme } from './password-scheme.js';
import { DIGEST_LENGTH, djangoSalt, SALT_LENGTH } from './new-hash.js';
import { unpadded, verifyingScheme, type HashForm, type StoredHash } from './stored-hash.js';

/** What `scrypt()` takes. The defaults are those of OWASP's Password Storage Cheat Sheet: 128 MiB for each hash. */
export interface ScryptOptions {
  /** scrypt's N, a power of two. Memory is 128 bytes × N × `blockSize`. Default: 131,072 (2^17). */
  cost?: number;
  /** scrypt's r. Default: 8. */
  blockSize?: number;
  /** scrypt's p: how many times the work is done, one after another. Default: 1. */
  parallelization?: number;
  /** How new hashes are written; both forms are read. Default: `'phc'`. */
  form?: HashForm;
}

interface Costs {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
}

/** Bytes: what one hash may take. */
const MAX_MEMORY = 256 * 2 ** 20;
/** N × r × p: four times the work of the defaults, some two seconds. */
const MAX_WORK = 2 ** 22;
/** r × p. Beside the work, scrypt computes 128 bytes of PBKDF2 for each of them. OWASP's parameters have at most 80. */
const MAX_BLOCKS = 1024;

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,6}),p=(\d{1,6})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;
const DJANGO = /^scrypt\$(\d{1,15})\$([^$]+)\$(\d{1,6})\$(\d{1,6})\$([A-Za-z0-9+/]+={0,2})$/;

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    cost: z
      .int()
      .min(2)
      .refine((cost) => Number.isInteger(Math.log2(cost)), 'must be a power of two')
      .default(2 ** 17),
    blockSize: z.int().min(1).default(8),
    parallelization: z.int().min(1).default(1),
    form: z.enum(['phc', 'django']).default('phc'),
  }),
);

/**
 * scrypt (RFC 7914), through node:crypto. Reads `$scrypt$ln=17,r=8,p=1$salt$digest` and Django's `scrypt$16384$salt$8$1$digest`. A stored
 * hash that needs more than 256 MiB, or more than four times the work of the defaults, never matches.
 * @throws TypeError that names the option and the cure
 */
export function scrypt(options: ScryptOptions = {}): HashingScheme {
  const { form, ...costs } = parseCall('scrypt()', optionsSchema(), options);
  const problem = excess(costs);
  if (problem !== undefined) throw new TypeError(`scrypt(): the options give ${problem}: lower them`);
  return {
    ...verifyingScheme({ read, excess, derive: deriveScrypt }),
    async hash(password) {
      const salt = form === 'django' ? Buffer.from(djangoSalt()) : randomBytes(SALT_LENGTH);
      const length = form === 'django' ? 2 * DIGEST_LENGTH : DIGEST_LENGTH;
      return write({ form, costs, salt, digest: await deriveScrypt(password, costs, salt, length) });
    },
    needsRehash(hash) {
      const stored = read(hash);
      return stored?.form !== form || prefixOf(stored.costs) !== prefixOf(costs);
    },
  };
}

function read(hash: string): StoredHash<Costs> | undefined {
  const phc = PHC.exec(hash);
  if (phc) {
    const [, ln, r, p, salt = '', digest = ''] = phc;
    return {
      form: 'phc',
      costs: { cost: 2 ** Number(ln), blockSize: Number(r), parallelization: Number(p) },
      salt: Buffer.from(salt, 'base64'),
      digest: Buffer.from(digest, 'base64'),
    };
  }
  const django = DJANGO.exec(hash);
  if (!django) return undefined;
  const [, n, salt = '', r, p, digest = ''] = django;
  return {
    form: 'django',
    costs: { cost: Number(n), blockSize: Number(r), parallelization: Number(p) },
    salt: Buffer.from(salt),
    digest: Buffer.from(digest, 'base64'),
  };
}

function write({ form, costs, salt, digest }: StoredHash<Costs>): string {
  const { cost, blockSize, parallelization } = costs;
  return form === 'django'
    ? `scrypt$${cost}$${salt.toString()}$${blockSize}$${parallelization}$${digest.toString('base64')}`
    : `${prefixOf(costs)}$${unpadded(salt)}$${unpadded(digest)}`;
}

function prefixOf({ cost, blockSize, parallelization }: Costs): string {
  return `$scrypt$ln=${Math.log2(cost)},r=${blockSize},p=${parallelization}`;
}

function excess({ cost, blockSize, parallelization }: Costs): string | undefined {
  const costs = `scrypt with N=${cost}, r=${blockSize}, p=${parallelization}`;
  if (cost < 2 || !Number.isInteger(Math.log2(cost)) || blockSize < 1 || parallelization < 1)
    return `${costs}, which is not possible`;
  // RFC 7914 §2: N is less than 2^(128 × r / 8).
  if (Math.log2(cost) >= 16 * blockSize) return `${costs}, which is not possible`;
  if (128 * cost * blockSize > MAX_MEMORY)
    return `${costs}, which needs more than ${MAX_MEMORY / 2 ** 20} MiB`;
  if (cost * blockSize * parallelization > MAX_WORK) return `${costs}: N × r × p is more than ${MAX_WORK}`;
  if (blockSize * parallelization > MAX_BLOCKS) return `${costs}: r × p is more than ${MAX_BLOCKS}`;
  return undefined;
}

function deriveScrypt(
  password: string,
  { cost, blockSize, parallelization }: Costs,
  salt: Buffer,
  length: number,
): Promise<Buffer> {
  // Node's own bound would refuse the defaults.
  const settings = { cost, blockSize, parallelization, maxmem: 2 * MAX_MEMORY };
  return derive((done) => {
    nodeScrypt(password, salt, length, settings, done);
  });
}
