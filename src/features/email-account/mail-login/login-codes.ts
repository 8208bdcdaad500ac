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
 * Codes that are good once, in the browser that has their secret. A plain hash of six digits hides nothing, and one that knows the
 * secret could be tried out by whoever reads the store, so the store has an HMAC under the refresh secret.
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

  /** Reads a code and spends nothing. A text that is no code is unknown, too. */
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

  /** The one of a new code comes first. Codes from before a change of the refresh secret stay good. */
  #hashes(secret: string, code: string): string[] {
    return this.#sealer.signatures(`${PURPOSE}:${secret}:${code}`).map(digestOf);
  }
}

function newCode(): string {
  return String(randomInt(10 ** DIGITS)).padStart(DIGITS, '0');
}
