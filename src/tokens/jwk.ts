import { createPublicKey, type KeyObject } from 'node:crypto';
import { digestOf } from '../utils/digest.js';

/** The public members of a key (RFC 7518 §6, RFC 8037 §2), without those of its private half. */
export interface PublicJwk {
  kty: string;
  crv?: string;
  x?: string;
  y?: string;
  n?: string;
  e?: string;
}

/** The members that make a key, by its type, in the order in which a thumbprint takes them (RFC 7638 §3.2, RFC 8037 §2). */
const MEMBERS: Readonly<Record<string, readonly (keyof PublicJwk)[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/** @param key a public key of the type RSA, RSA-PSS, EC or Ed25519 */
export function publicJwk(key: KeyObject): PublicJwk {
  const exported = plainRsa(key).export({ format: 'jwk' }) as unknown as PublicJwk;
  const members = MEMBERS[exported.kty] as readonly (keyof PublicJwk)[];
  return Object.fromEntries(members.map((name) => [name, exported[name]])) as unknown as PublicJwk;
}

/** The id that everyone who has the public key can work out (RFC 7638): SHA-256 of its members, in base64url. */
export function thumbprintOf(key: KeyObject): string {
  return digestOf(JSON.stringify(publicJwk(key)));
}

/** Node writes no JWK of an RSA-PSS key, whose form also limits the hash. A JWK says that by its `alg`. */
function plainRsa(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'rsa-pss') return key;
  const der = key.export({ type: 'spki', format: 'der' });
  return createPublicKey({ key: rsaPublicKeyIn(der), type: 'pkcs1', format: 'der' });
}

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

/** SubjectPublicKeyInfo (RFC 5280 §4.1) is a sequence of the algorithm and of a bit string, which holds the RSAPublicKey. */
function rsaPublicKeyIn(spki: Buffer): Buffer {
  const whole = contentAt(spki, 0, SEQUENCE);
  const algorithm = contentAt(spki, whole.start, SEQUENCE);
  const key = contentAt(spki, algorithm.end, BIT_STRING);
  // The first byte says how many bits of the last one are unused: none.
  return spki.subarray(key.start + 1, key.end);
}

/** Where the content of the DER element at this place starts and ends. */
function contentAt(der: Buffer, at: number, tag: number): { start: number; end: number } {
  const first = der[at + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const length = lengthBytes === 0 ? first : der.readUIntBE(at + 2, lengthBytes);
  const start = at + 2 + lengthBytes;
  if (der[at] !== tag || start + length > der.length)
    throw new TypeError('The key has another form than DER');
  return { start, end: start + length };
}
