import * as crypto from 'node:crypto';
import { lazySchema } from '../utils/lazy-schema.js';
import { parseCall } from '../utils/parse-call.js';
import { derive } from './derive.js';
import { DIGEST_LENGTH, SALT_LENGTH } from './new-hash.js';
import type { HashingScheme } from './password-scheme.js';
import { unpadded, verifyingScheme, type StoredHash } from './stored-hash.js';

/** What `argon2()` takes. The defaults are those of OWASP's Password Storage Cheat Sheet. */
export interface Argon2Options {
  /** Memory in KiB: 8 × `parallelism` to 262,144. Default: 19,456 (19 MiB). */
  memory?: number;
  /** How many times the memory is passed over. `memory` × `passes` is at most 1,048,576. Default: 2. */
  passes?: number;
  /** How many lanes: 1 to 16. Default: 1. */
  parallelism?: number;
}

type Variant = 'argon2id' | 'argon2i' | 'argon2d';

interface Costs {
  readonly variant: Variant;
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

interface NodeParameters {
  message: string;
  nonce: Buffer;
  parallelism: number;
  tagLength: number;
  memory: number;
  passes: number;
}

type NodeArgon2 = (
  variant: Variant,
  parameters: NodeParameters,
  callback: (error: Error | null, digest: Buffer) => void,
) => void;

/** KiB. */
const MAX_MEMORY = 256 * 2 ** 10;
/** KiB × passes: 1 GiB passed over once takes about a second. */
const MAX_WORK = 2 ** 20;
const MAX_PARALLELISM = 16;
/** Bytes. RFC 9106 asks for 16, and Node refuses less than 8. */
const LEAST_SALT = 8;

/** Django writes `argon2` before it. */
const FORM =
  /^(?:argon2)?\$(argon2id|argon2i|argon2d)\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,8})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const optionsSchema = lazySchema((z) =>
  z.strictObject({
    memory: z.int().min(8).max(MAX_MEMORY).default(19_456),
    passes: z.int().min(1).default(2),
    parallelism: z.int().min(1).max(MAX_PARALLELISM).default(1),
  }),
);

/**
 * Argon2id (RFC 9106), through node:crypto, which has it from Node 24.7 on. Makes `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`, the form of
 * the npm packages argon2 and `@node-rs/argon2`; reads that of Argon2i and Argon2d too. A stored hash that needs more than 256 MiB, more
 * than 16 lanes, or passes over more than 1 GiB never matches.
 * @throws TypeError that names the option and the cure; where this Node has no Argon2
 */
export function argon2(options: Argon2Options = {}): HashingScheme {
  const deriveArgon2 = deriver();
  const costs: Costs = { variant: 'argon2id', ...parseCall('argon2()', optionsSchema(), options) };
  const problem = excess(costs);
  if (problem !== undefined) throw new TypeError(`argon2(): the options give ${problem}`);
  return {
    ...verifyingScheme({ read, excess, derive: deriveArgon2, leastSalt: LEAST_SALT }),
    async hash(password) {
      const salt = crypto.randomBytes(SALT_LENGTH);
      const digest = await deriveArgon2(password, costs, salt, DIGEST_LENGTH);
      return `${prefixOf(costs)}$${unpadded(salt)}$${unpadded(digest)}`;
    },
    needsRehash: (hash) => !hash.startsWith(`${prefixOf(costs)}$`),
  };
}

function deriver() {
  const { argon2: nodeArgon2 } = crypto as { argon2?: NodeArgon2 };
  if (!nodeArgon2)
    throw new TypeError(
      `argon2() needs Node 24.7 or newer, and this is ${process.version}: use scrypt(), or give password.hasher the functions of a ` +
        'package such as @node-rs/argon2 (docs/password-hashes.md)',
    );
  return (password: string, { variant, ...costs }: Costs, nonce: Buffer, tagLength: number) =>
    derive((done) => {
      nodeArgon2(variant, { message: password, nonce, tagLength, ...costs }, done);
    });
}

function read(hash: string): StoredHash<Costs> | undefined {
  const form = FORM.exec(hash);
  if (!form) return undefined;
  const [, variant, memory, passes, parallelism, salt = '', digest = ''] = form;
  return {
    form: 'phc',
    costs: {
      variant: variant as Variant,
      memory: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
    },
    salt: Buffer.from(salt, 'base64'),
    digest: Buffer.from(digest, 'base64'),
  };
}

function prefixOf({ variant, memory, passes, parallelism }: Costs): string {
  return `$${variant}$v=19$m=${memory},t=${passes},p=${parallelism}`;
}

function excess({ variant, memory, passes, parallelism }: Costs): string | undefined {
  const costs = `${variant} with m=${memory}, t=${passes}, p=${parallelism}`;
  if (parallelism < 1 || passes < 1 || memory < 8 * parallelism) return `${costs}, which is not possible`;
  if (parallelism > MAX_PARALLELISM) return `${costs}: p is more than ${MAX_PARALLELISM}`;
  if (memory > MAX_MEMORY) return `${costs}: m is more than ${MAX_MEMORY} KiB`;
  if (memory * passes > MAX_WORK) return `${costs}: m × t is more than ${MAX_WORK}`;
  return undefined;
}
