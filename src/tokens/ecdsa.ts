import type { Algorithm } from './algorithms.js';

/** The order n of each curve (SEC 2, FIPS 186-5). */
const ORDERS: Partial<Record<Algorithm, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512:
    0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
};

/**
 * Every ECDSA signature (r, s) has a twin (r, n − s), which anyone can write and which verifies too. We take the one with the
 * smaller s, so a token has one text only. Signatures of other algorithms have no twin.
 * @param signature r and s, one after the other (RFC 7518 §3.4)
 * @returns the signature itself if it is the one to take
 */
export function smallerTwin(algorithm: Algorithm, signature: Buffer): Buffer {
  const order = ORDERS[algorithm];
  if (order === undefined) return signature;
  const half = signature.length / 2;
  const s = BigInt(`0x0${signature.subarray(half).toString('hex')}`);
  if (2n * s <= order) return signature;
  const mirrored = (order - s).toString(16).padStart(2 * half, '0');
  return Buffer.concat([signature.subarray(0, half), Buffer.from(mirrored, 'hex')]);
}
