import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { equalInConstantTime } from '../utils/equal-in-constant-time.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Protects texts that are sent to a client and come back. Without the secret, a sealed text (AES-256-GCM) can be neither read nor
 * made, and a signed text can't be made. The keys are derived from the secrets (RFC 5869), so nothing that is made here is
 * accepted elsewhere.
 */
export class TextSealer {
  readonly #keys: readonly { sealing: KeyObject; signing: KeyObject }[];

  /** @param secrets the first one seals and signs, all of them open and verify */
  constructor(secrets: readonly KeyObject[]) {
    this.#keys = secrets.map((secret) => ({
      sealing: derive(secret, 'passport-visa sealed text'),
      signing: derive(secret, 'passport-visa signed text'),
    }));
  }

  /** @param purpose needed to open the text again; the result doesn't contain it */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#first.sealing, nonce).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** @returns undefined for a text that wasn't sealed with one of the secrets, or that was sealed for another purpose */
  open(sealed: string, purpose: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    for (const { sealing } of this.#keys) {
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(purpose))
          .setAuthTag(tag);
        const text = Buffer.concat([
          decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
          decipher.final(),
        ]);
        return text.toString('utf8');
      } catch {
        // Sealed with another key, or not by us at all.
      }
    }
    return undefined;
  }

  sign(text: string): string {
    return signatureOf(text, this.#first.signing);
  }

  /** By every secret, the first one first: for signatures that are kept elsewhere and looked up. */
  signatures(text: string): string[] {
    return this.#keys.map(({ signing }) => signatureOf(text, signing));
  }

  isSigned(text: string, signature: string): boolean {
    return this.#keys.some(({ signing }) => equalInConstantTime(signature, signatureOf(text, signing)));
  }

  get #first() {
    return this.#keys[0] as { sealing: KeyObject; signing: KeyObject };
  }
}

function derive(secret: KeyObject, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES)));
}

function signatureOf(text: string, key: KeyObject): string {
  return createHmac('sha256', key).update(text).digest().subarray(0, TAG_BYTES).toString('base64url');
}
