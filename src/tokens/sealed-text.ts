import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/**
 * Texts that go out to a client and come back: sealed ones (AES-256-GCM) nobody else can read or write, signed ones nobody
 * else can write. The keys are derived (RFC 5869), so that what is made here passes nowhere else.
 */
export class TextSealer {
  readonly #keys: readonly { sealing: KeyObject; signing: KeyObject }[];

  /** @param secrets the first makes, all open */
  constructor(secrets: readonly KeyObject[]) {
    this.#keys = secrets.map((secret) => ({
      sealing: derive(secret, 'passport-visa sealed text'),
      signing: derive(secret, 'passport-visa signed text'),
    }));
  }

  /** @param purpose is not part of the result, and needed to open it */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#first.sealing, nonce).setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** @returns undefined for what nobody here has sealed, or for another purpose */
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
        // another key's work, or nobody's
      }
    }
    return undefined;
  }

  sign(text: string): string {
    return signatureOf(text, this.#first.signing);
  }

  isSigned(text: string, signature: string): boolean {
    // As it is written: several texts decode to the same bytes, and who tells them apart would take each for another.
    const given = Buffer.from(signature);
    return this.#keys.some(({ signing }) => {
      const right = Buffer.from(signatureOf(text, signing));
      return given.length === right.length && timingSafeEqual(given, right);
    });
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
