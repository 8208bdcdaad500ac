/* eslint-disable @typescript-eslint/require-await -- the shortest way to a promise */
import type { NewOneTimeToken, OneTimeToken, OneTimeTokenStore } from '../../src';

const CENTURY_SECONDS = 100 * 365 * 24 * 60 * 60;

/** A store as a user of this package might write it, with the least code that keeps the contract. */
export class MapOneTimeTokens implements OneTimeTokenStore {
  readonly tokens = new Map<string, OneTimeToken>();

  async create({ slot = '', expiresInSeconds, now = new Date(), ...token }: NewOneTimeToken): Promise<void> {
    const { purpose, subject, hash, data } = token;
    for (const text of [purpose, subject, slot]) this.refuse(typeof text === 'string' && isKept(text, 255));
    this.refuse(purpose !== '' && subject !== '' && isHash(hash));
    this.refuse(data === undefined || (typeof data === 'string' && isKept(data, 16_384)));
    this.refuse(
      typeof expiresInSeconds === 'number' && expiresInSeconds > 0 && expiresInSeconds <= CENTURY_SECONDS,
    );
    this.refuse(now instanceof Date && !Number.isNaN(now.getTime()));
    const expiresAt = new Date(now.getTime() + Math.ceil(expiresInSeconds * 1000));
    const kept = { purpose, subject, slot, hash, data, expiresAt };
    this.tokens.set(this.place(kept), kept);
  }

  async find(purpose: string, hash: string, { now = new Date() } = {}): Promise<OneTimeToken | undefined> {
    return this.live(purpose, hash, now);
  }

  async take(purpose: string, hash: string, { now = new Date() } = {}): Promise<OneTimeToken | undefined> {
    const token = this.live(purpose, hash, now);
    if (token) this.tokens.delete(this.place(token));
    return token;
  }

  async removeAll(subject: string, options: { except?: readonly string[] } = {}): Promise<number> {
    const { except = [] } = options;
    this.refuse(Array.isArray(except));
    for (const text of [subject, ...except])
      this.refuse(typeof text === 'string' && text !== '' && isKept(text, 255));
    const own = [...this.tokens].filter(
      ([, token]) => token.subject === subject && !except.includes(token.purpose),
    );
    for (const [place] of own) this.tokens.delete(place);
    return own.filter(([, { expiresAt }]) => expiresAt > new Date()).length;
  }

  protected live(purpose: string, hash: string, now: Date): OneTimeToken | undefined {
    this.refuse(typeof purpose === 'string' && purpose !== '' && isKept(purpose, 255) && isHash(hash));
    this.refuse(!Number.isNaN(now.getTime()));
    const token = [...this.tokens.values()].find((each) => this.is(each, purpose, hash));
    return token && token.expiresAt > now ? { ...token } : undefined;
  }

  protected is(token: OneTimeToken, purpose: string, hash: string): boolean {
    return token.purpose === purpose && token.hash === hash;
  }

  /** The key of a token. There is one token per key. */
  protected place({ purpose, subject, slot }: OneTimeToken): string {
    return JSON.stringify([purpose, subject, slot]);
  }

  protected refuse(isGood: boolean): void {
    if (!isGood) throw new TypeError('An argument that can not be kept');
  }
}

function isKept(text: string, most: number): boolean {
  return (
    text.isWellFormed() && !text.includes('\0') && text.length <= most && Buffer.byteLength(text) <= 16_384
  );
}

function isHash(hash: unknown): boolean {
  return typeof hash === 'string' && /^[\w-]{43}$/.test(hash);
}
