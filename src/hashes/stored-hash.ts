import { timingSafeEqual } from 'node:crypto';
import type { VerifyingScheme } from './password-scheme.js';

/** What a stored hash says. */
export interface StoredHash<Costs> {
  readonly costs: Costs;
  readonly salt: Buffer;
  readonly digest: Buffer;
  /** PHC's string format, or Django's. */
  readonly form: HashForm;
}

/** `'phc'`: `$scrypt$ln=17,r=8,p=1$…`, as most libraries write it. `'django'`: as Django writes and reads it. */
export type HashForm = 'phc' | 'django';

export interface StoredHashes<Costs> {
  /** @returns undefined for a text of another form */
  read(hash: string): StoredHash<Costs> | undefined;
  /** Why these costs are too high. */
  excess(costs: Costs): string | undefined;
  /** Bytes. With a shorter salt `derive` throws. Default: 0. */
  readonly leastSalt?: number;
  /** Runs off the event loop. */
  derive(password: string, costs: Costs, salt: Buffer, length: number): Promise<Buffer>;
}

/** Bytes. The digests of all schemes that are read here have 32 or 64; the rest is tolerance. A digest of one byte would match often. */
const DIGEST_BYTES = { least: 16, most: 64 };
const MAX_SALT_BYTES = 64;
/** Characters. A longer text isn't read at all. */
const MAX_HASH_LENGTH = 512;

/** A scheme that derives a digest and compares it. */
export function verifyingScheme<Costs>(hashes: StoredHashes<Costs>): VerifyingScheme {
  const read = (hash: string) => (hash.length <= MAX_HASH_LENGTH ? hashes.read(hash) : undefined);
  const problemOf = ({ costs, salt, digest }: StoredHash<Costs>) =>
    lengthProblem(salt, digest, hashes.leastSalt) ?? hashes.excess(costs);
  return {
    matches: (hash) => read(hash) !== undefined,
    problem(hash) {
      const stored = read(hash);
      return stored && problemOf(stored);
    },
    async verify(password, hash) {
      const stored = read(hash);
      if (!stored || problemOf(stored) !== undefined) return false;
      const digest = await hashes.derive(password, stored.costs, stored.salt, stored.digest.length);
      return timingSafeEqual(digest, stored.digest);
    },
  };
}

function lengthProblem(salt: Buffer, digest: Buffer, leastSalt = 0): string | undefined {
  if (salt.length < leastSalt) return `a salt of ${salt.length} bytes, less than ${leastSalt}`;
  if (salt.length > MAX_SALT_BYTES) return `a salt of ${salt.length} bytes, more than ${MAX_SALT_BYTES}`;
  const { least, most } = DIGEST_BYTES;
  if (digest.length < least || digest.length > most)
    return `a digest of ${digest.length} bytes, not ${least} to ${most}`;
  return undefined;
}

/** As PHC's string format has it: without padding. */
export function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
