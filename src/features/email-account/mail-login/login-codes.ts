import { randomInt } from 'node:crypto';
import type { OneTimeToken, OneTimeTokenStore } from '../../../stores/one-time-token-store.js';
import type { TextSealer } from '../../../tokens/sealed-text.js';
import { digestOf } from '../../../utils/digest.js';
import type { NewLink } from '../one-time-links.js';

const DIGITS = 6;
const PURPOSE = 'login-code';

interface CodesConfig {
  readonly loginLifetimeSeconds: number;
  readonly now: () => number;
}

/**
 * Codes that are good once, in the browser that has their secret. There are only a million codes, so anyone who can read the store
 * could try them all against a plain hash. The store has an HMAC under the refresh secret instead.
 */
export class LoginCodes {
  readonly #store: OneTimeTokenStore;
  readonly #sealer: TextSealer;
  readonly #config: CodesConfig;

  constructor(store: OneTimeTokenStore, sealer: TextSealer, config: CodesConfig) {
    this.#store = store;
    this.#sealer = sealer;
    this.#config = config;
  }

  /** Makes a code. It replaces the one before in the same slot. */
  async create(
    subject: string,
    secret: string,
    { slot, data }: { slot: string; data: object },
  ): Promise<{ code: string } & Omit<NewLink, 'url'>> {
    const { loginLifetimeSeconds: lifetimeSeconds, now } = this.#config;
    const code = newCode();
    await this.#store.create({
      purpose: PURPOSE,
      subject,
      slot,
      hash: this.#hashes(secret, code)[0] as string,
      data: JSON.stringify(data),
      expiresInSeconds: lifetimeSeconds,
    });
    return { code, expiresAt: new Date(now() + lifetimeSeconds * 1000), lifetimeSeconds };
  }

  /** Takes as long as `create`, for an address that gets no code. */
  async pretend(address: string, secret: string): Promise<void> {
    await this.#store.create({
      purpose: `no ${PURPOSE}`,
      subject: digestOf(address),
      hash: this.#hashes(secret, newCode())[0] as string,
      expiresInSeconds: 1,
    });
  }

  /** Reads a code without using it up. Any other text is an unknown code. */
  async find(secret: string, code: string): Promise<OneTimeToken | undefined> {
    for (const hash of this.#hashes(secret, code)) {
      const found = await this.#store.find(PURPOSE, hash);
      if (found) return found;
    }
    return undefined;
  }

  /** Of parallel calls in all processes, one gets it. */
  take({ hash }: OneTimeToken): Promise<OneTimeToken | undefined> {
    return this.#store.take(PURPOSE, hash);
  }

  /** By every refresh secret, the current one first, so codes from before a change of the secret stay good. */
  #hashes(secret: string, code: string): string[] {
    return this.#sealer.signatures(`${PURPOSE}:${secret}:${code}`).map(digestOf);
  }
}

function newCode(): string {
  return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
}
