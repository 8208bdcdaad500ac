import type { KeyObject } from 'node:crypto';
import { TextSealer } from '../../tokens/sealed-text.js';

/**
 * Seals the secrets of authenticator apps: who reads the database can't make codes. A sealed secret is bound to its user and its
 * factor, so a row that is copied to another user opens nothing.
 */
export class TotpSecrets {
  readonly #sealer: TextSealer;

  /** @param keys the first one seals, all of them open */
  constructor(keys: readonly KeyObject[]) {
    this.#sealer = new TextSealer(keys);
  }

  seal(secret: Buffer, userId: string, factorId: string): string {
    return this.#sealer.seal(secret.toString('base64url'), boundTo(userId, factorId));
  }

  /** @returns undefined where no key opens it for this user and this factor */
  open(sealed: string, userId: string, factorId: string): Buffer | undefined {
    const text = this.#sealer.open(sealed, boundTo(userId, factorId));
    return text === undefined ? undefined : Buffer.from(text, 'base64url');
  }
}

/** The id of a factor has no line break, so no two pairs give the same text. */
function boundTo(userId: string, factorId: string): string {
  return `TOTP secret\n${factorId}\n${userId}`;
}
