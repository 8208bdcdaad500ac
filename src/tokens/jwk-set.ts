import { createPublicKey, type KeyObject } from 'node:crypto';
import { publicJwk, thumbprintOf, type PublicJwk } from './jwk.js';
import type { AsymmetricAlgorithm } from './algorithms.js';
import { keysByHeader, type VerificationKey, type VerificationKeys } from './headers.js';
import { assertFits, KeyError, type KeySet } from './keys.js';

/** A key of a JWK Set, without its private members. */
export interface Jwk extends PublicJwk {
  kid?: string;
  use?: string;
  alg?: string;
}

/** The public keys of an issuer (RFC 7517 §5). */
export interface JwkSet {
  keys: readonly Jwk[];
}

/** The public keys of a key set: those that verify, in the order of the option `accessToken.secret`. */
export function jwkSetOf({ algorithm, verificationKeys }: KeySet): JwkSet {
  const byId = new Map<string, Jwk>();
  for (const key of verificationKeys) {
    const kid = thumbprintOf(key);
    byId.set(kid, { ...publicJwk(key), kid, use: 'sig', alg: algorithm });
  }
  return { keys: [...byId.values()] };
}

/** Keys to verify with, from a JWK Set. */
export interface ReadJwkSet extends VerificationKeys {
  /** Equal for equal keys. */
  readonly fingerprint: string;
}

/** An issuer has a handful of keys. Each takes up to 0.1 ms to read. */
const MAX_KEYS = 50;

/**
 * Reads the keys that can verify access tokens, and passes over all others.
 * @throws KeyError if it is no JWK Set, or none of its keys can verify access tokens. It never quotes a member
 */
export function readJwkSet(value: unknown): ReadJwkSet {
  const { keys } = (isObject(value) ? value : {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new KeyError('is no JWK Set, { keys: [ … ] }');
  const faults = new Set<string>();
  const read = (keys as unknown[]).slice(0, MAX_KEYS).flatMap((each) => {
    try {
      return [readKey(each)];
    } catch (error) {
      faults.add(error instanceof KeyError ? error.message : "a key can't be read");
      return [];
    }
  });
  if (read.length === 0)
    throw new KeyError(
      `has no key that can verify access tokens: ${[...faults].join('; ') || 'the list is empty'}`,
    );
  const named = read.map(({ kid, algorithm, key }) => [kid, algorithm, thumbprintOf(key)]);
  return { byHeader: keysByHeader(read), fingerprint: JSON.stringify(named) };
}

/** The algorithms that a curve is for. An RSA key is for several, so it has to say for which. */
const ALGORITHM_OF_CURVE: ReadonlyMap<unknown, AsymmetricAlgorithm> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
  ['P-521', 'ES512'],
  ['Ed25519', 'EdDSA'],
]);
const RSA_ALGORITHMS: readonly unknown[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** @throws KeyError for a key that can't verify access tokens */
function readKey(jwk: unknown): VerificationKey & { kid: string } {
  if (!isObject(jwk)) throw new KeyError('a key is no object');
  const { kid, use, key_ops: operations } = jwk;
  if (typeof kid !== 'string' || kid === '') throw new KeyError('a key has no kid');
  if (PRIVATE_MEMBERS.some((name) => name in jwk))
    throw new KeyError('a key has private members, so anyone could sign with it');
  const isForSignatures = use === undefined || use === 'sig';
  const isForVerifying =
    operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  if (!isForSignatures || !isForVerifying) throw new KeyError('a key is not for signatures');
  const algorithm = algorithmOf(jwk);
  const key = publicKeyOf(jwk);
  assertFits(algorithm, key);
  return { kid, algorithm, key };
}

function algorithmOf({ kty, crv, alg }: Readonly<Record<string, unknown>>): AsymmetricAlgorithm {
  const algorithm = kty === 'RSA' ? RSA_ALGORITHMS.includes(alg) && alg : ALGORITHM_OF_CURVE.get(crv);
  if (!algorithm || (alg !== undefined && alg !== algorithm))
    throw new KeyError('a key is for no algorithm of access tokens');
  return algorithm as AsymmetricAlgorithm;
}

/** The error doesn't contain Node's own message, which could quote the key. @throws KeyError */
function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject {
  try {
    return createPublicKey({ key: jwk as Record<string, string>, format: 'jwk' });
  } catch {
    throw new KeyError("a key can't be read");
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
