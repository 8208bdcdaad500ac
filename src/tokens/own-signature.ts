import { createHmac, sign, verify, type KeyObject } from 'node:crypto';
import { equalInConstantTime } from '../utils/equal-in-constant-time.js';
import { ED25519_SIGNATURE_BYTES, type Algorithm } from './algorithms.js';

/** Node's names of the hashes. HMAC is faster here than with jsonwebtoken. */
const HMAC_HASHES: Partial<Record<Algorithm, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/**
 * The signature of a text, in base64url.
 * @returns undefined for an algorithm that jsonwebtoken does. It has no EdDSA
 */
export function ownSignature(algorithm: Algorithm, key: KeyObject, text: string): string | undefined {
  if (algorithm === 'EdDSA') return sign(null, Buffer.from(text), key).toString('base64url');
  const hash = HMAC_HASHES[algorithm];
  return hash === undefined ? undefined : createHmac(hash, key).update(text).digest('base64url');
}

/**
 * Whether it is the signature of the text, written in the one way that `ownSignature` writes it. Ed25519 has no second signature that
 * anyone could make of one: Node refuses an S that is not below the order of the curve (RFC 8032 §5.1.7).
 * @returns undefined for an algorithm that jsonwebtoken does
 */
export function isOwnSignature(
  algorithm: Algorithm,
  key: KeyObject,
  text: string,
  signature: string,
): boolean | undefined {
  if (algorithm !== 'EdDSA') {
    const expected = ownSignature(algorithm, key, text);
    return expected === undefined ? undefined : equalInConstantTime(signature, expected);
  }
  const bytes = Buffer.from(signature, 'base64url');
  if (bytes.length !== ED25519_SIGNATURE_BYTES || bytes.toString('base64url') !== signature) return false;
  return verify(null, Buffer.from(text), key, bytes);
}
