import { isUtf8 } from 'node:buffer';
import { createHmac, createPrivateKey, createPublicKey, createSecretKey, KeyObject } from 'node:crypto';
import { digestOf } from '../utils/digest.js';
import { ED25519_SIGNATURE_BYTES, type Algorithm } from './algorithms.js';
import { keysByHeader, headerOf, TOKEN_FORMAT, type TokenType, type VerificationKeys } from './headers.js';
import { thumbprintOf } from './jwk.js';

export type { Algorithm, AsymmetricAlgorithm, HmacAlgorithm } from './algorithms.js';

/** A secret text, its bytes, a PEM text or a KeyObject. */
export type KeyInput = string | Uint8Array | KeyObject;
/** The keys of an asymmetric algorithm. Only the first entry of a list signs; the others may leave out `privateKey`. */
export interface KeyPair {
  privateKey?: KeyInput | undefined;
  publicKey: KeyInput;
}
/** One key for HMAC, or a pair for an asymmetric algorithm. */
export type Secret = KeyInput | KeyPair;

/** Keys that are prepared once, at start, because preparing a key takes fifty times as long as a signature. */
export interface KeySet extends VerificationKeys {
  readonly algorithm: Algorithm;
  readonly signing: SigningKey;
  /** The key ids of all keys. Equal keys have equal ids. */
  readonly kids: ReadonlySet<string>;
  /** All keys that verify, first the one that also signs. */
  readonly verificationKeys: readonly KeyObject[];
}

interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** The header for each type, encoded as it is before the first dot. */
  readonly headers: Readonly<Record<TokenType, string>>;
  /** How long each signature is, in bytes. */
  readonly signatureBytes: number;
}

/** What is wrong with a key. The message lacks the name of the option, which the caller adds. */
export class KeyError extends Error {}

/** The command that start-up errors about a secret suggest. */
export const MAKE_A_SECRET = '`node -p "crypto.randomBytes(48).toString(\'base64\')"`';
const MIN_RSA_BITS = 2048; // RFC 7518 §3.3
const CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
};
const COORDINATE_BYTES: Readonly<Record<string, number>> = { ES256: 32, ES384: 48, ES512: 66 };

/** The first secret signs; all of them verify. @throws KeyError */
export function createKeySet(algorithm: Algorithm, secrets: readonly Secret[]): KeySet {
  const keys = secrets.map((secret) =>
    algorithm.startsWith('HS') ? hmacKey(algorithm, secret) : asymmetricKey(algorithm, secret),
  );
  const first = keys[0];
  if (!first) throw new KeyError('is an empty list: give at least one secret');
  if (!first.signingKey) throw new KeyError('needs a privateKey in its first entry, the one that signs');
  const ownHeader = (type: TokenType) => headerOf(algorithm, type, first.kid, TOKEN_FORMAT);
  return Object.freeze({
    algorithm,
    signing: Object.freeze({
      kid: first.kid,
      key: first.signingKey,
      headers: { 'at+jwt': ownHeader('at+jwt'), 'rt+jwt': ownHeader('rt+jwt') },
      signatureBytes: signatureBytes(algorithm, first.verificationKey),
    }),
    kids: new Set(keys.map(({ kid }) => kid)),
    verificationKeys: keys.map(({ verificationKey }) => verificationKey),
    byHeader: keysByHeader(
      keys.flatMap(({ kid, formerKid, verificationKey: key }) =>
        [kid, formerKid].flatMap((each) => (each === undefined ? [] : [{ kid: each, algorithm, key }])),
      ),
    ),
  });
}

interface PreparedKey {
  kid: string;
  /** The id by which tokens named the key before it was the thumbprint. They are still accepted. */
  formerKid?: string;
  signingKey: KeyObject | undefined;
  verificationKey: KeyObject;
}

/** RFC 7518 §3.2, §3.3, §3.4 */
function signatureBytes(algorithm: Algorithm, key: KeyObject): number {
  if (algorithm === 'EdDSA') return ED25519_SIGNATURE_BYTES;
  if (algorithm.startsWith('HS')) return hashBytes(algorithm);
  if (algorithm.startsWith('ES')) return 2 * (COORDINATE_BYTES[algorithm] as number);
  return Math.ceil((key.asymmetricKeyDetails?.modulusLength as number) / 8);
}

/** RFC 7518 §3.2: a key for HMAC must be at least as long as the hash. */
export function hashBytes(algorithm: Algorithm): number {
  return Number(algorithm.slice(2)) / 8;
}

function hmacKey(algorithm: Algorithm, secret: Secret): PreparedKey {
  if (isKeyPair(secret))
    throw new KeyError(
      'is a key pair, but the algorithm is HMAC: set algorithm to RS256, ES256 or their kin',
    );
  const key = secret instanceof KeyObject ? secret : createSecretKey(secretBytes(secret));
  if (key.type !== 'secret') throw new KeyError(`is a ${key.type} key, but the algorithm is HMAC`);
  // A PEM key given as bytes is refused too. If it is a public key, anyone who knows it could sign (RFC 8725 §3.1).
  if (key.export().toString('latin1').trimStart().startsWith('-----BEGIN')) {
    throw new KeyError('is a PEM key, but the algorithm is HMAC: set algorithm to RS256, ES256 or their kin');
  }
  if ((key.symmetricKeySize ?? 0) < hashBytes(algorithm)) {
    throw new KeyError(
      `must be at least ${hashBytes(algorithm)} bytes long for ${algorithm}: make one with ${MAKE_A_SECRET}`,
    );
  }
  if (isRepetitive(key.export())) {
    throw new KeyError(
      `is one character over and over, which anyone could guess: make one with ${MAKE_A_SECRET}`,
    );
  }
  // Derived from the secret, so all processes get the same id. The function is one-way, so the id reveals nothing of the secret.
  const kid = createHmac('sha256', key).update('passport-visa kid').digest('base64url').slice(0, 16);
  return { kid, signingKey: key, verificationKey: key };
}

/** White space only counts too: a template of an environment file that was never filled in. */
function isRepetitive(bytes: Buffer): boolean {
  if (bytes.every((byte) => byte === bytes[0])) return true;
  if (!isUtf8(bytes)) return false;
  const text = bytes.toString('utf8');
  return new Set(text).size === 1 || text.trim() === '';
}

function asymmetricKey(algorithm: Algorithm, secret: Secret): PreparedKey {
  if (!isKeyPair(secret)) throw new KeyError(`must be { privateKey, publicKey } for ${algorithm}`);
  const verificationKey = readKey('publicKey', secret.publicKey, createPublicKey);
  assertFits(algorithm, verificationKey);
  const der = verificationKey.export({ type: 'spki', format: 'der' });
  const { privateKey } = secret;
  const signingKey =
    privateKey === undefined ? undefined : readKey('privateKey', privateKey, createPrivateKey);
  if (signingKey) assertPair(signingKey, der);
  const formerKid = digestOf(der).slice(0, 16);
  return { kid: thumbprintOf(verificationKey), formerKid, signingKey, verificationKey };
}

function isKeyPair(secret: Secret): secret is KeyPair {
  return typeof secret === 'object' && !(secret instanceof KeyObject) && !(secret instanceof Uint8Array);
}

function secretBytes(secret: string | Uint8Array): Uint8Array {
  return typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret;
}

/** The error doesn't contain Node's own message, which could quote the key. @throws KeyError */
function readKey(
  member: keyof KeyPair,
  input: KeyInput,
  create: (input: string | Buffer) => KeyObject,
): KeyObject {
  const type = member === 'privateKey' ? 'private' : 'public';
  if (input instanceof KeyObject) {
    if (input.type === type) return input;
    throw new KeyError(`.${member} is a ${input.type} key`);
  }
  try {
    return create(typeof input === 'string' ? withLineBreaks(input) : Buffer.from(input));
  } catch {
    throw new KeyError(`.${member} can't be read: give a PEM text or a KeyObject`);
  }
}

/** Some environments keep a PEM text on one line, with `\\n` for its line breaks. Base64 has no backslash. */
function withLineBreaks(pem: string): string {
  return pem.replace(/(?:\\r)?\\n/g, '\n');
}

function assertPair(privateKey: KeyObject, publicDer: Buffer): void {
  const derived = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  if (!derived.equals(publicDer)) throw new KeyError('.privateKey and .publicKey are not a pair');
}

/** @throws KeyError for a key that the algorithm can't use, or that is too short */
export function assertFits(algorithm: Algorithm, key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (algorithm === 'EdDSA') {
    if (type === 'ed25519') return;
    throw new KeyError("doesn't fit EdDSA, which needs an Ed25519 key");
  }
  if (algorithm.startsWith('ES')) {
    if (type === 'ec' && details?.namedCurve === CURVES[algorithm]) return;
    throw new KeyError(`doesn't fit ${algorithm}, which needs an EC key on the curve ${CURVES[algorithm]}`);
  }
  if (type !== 'rsa' && !(type === 'rsa-pss' && algorithm.startsWith('PS'))) {
    throw new KeyError(`doesn't fit ${algorithm}, which needs an RSA key`);
  }
  // RFC 7518 §3.5: the same hash for the signature and its mask, and a salt that is no longer than the hash.
  const hash = `sha${algorithm.slice(2)}`;
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength = 0 } = details ?? {};
  const fitsHash = hashAlgorithm === hash && mgf1HashAlgorithm === hash;
  if (type === 'rsa-pss' && !(fitsHash && saltLength <= hashBytes(algorithm))) {
    throw new KeyError(`doesn't fit ${algorithm}, which needs an RSA key with the hash ${hash}`);
  }
  if ((details?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw new KeyError(`is an RSA key under ${MIN_RSA_BITS} bits: make a longer one`);
  }
}
