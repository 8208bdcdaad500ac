import {
  checkedOneTimeToken,
  checkLookup,
  checkRemoval,
  type NewOneTimeToken,
  type OneTimeToken,
  type OneTimeTokenStore,
} from '../one-time-token-store.js';

/** Looking for expired tokens at every call would take longer the more there are. */
const SWEEP_MS = 1000;

/** The one-time tokens of a `MemoryRefreshTokenStore`. No method awaits anything, so each is atomic. */
export class MemoryOneTimeTokens implements OneTimeTokenStore {
  /** By purpose and hash. */
  readonly #tokens = new Map<string, OneTimeToken>();
  /** The token of each purpose, subject and slot. */
  readonly #newest = new Map<string, OneTimeToken>();
  readonly #now: () => number;
  /** When expired tokens were last looked for, in milliseconds since 1970. */
  #sweptAt = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  create(newToken: NewOneTimeToken): Promise<void> {
    const { lifetimeMs, now = new Date(this.#now()), ...members } = checkedOneTimeToken(newToken);
    const token = { ...members, expiresAt: new Date(now.getTime() + lifetimeMs) };
    this.#forgetExpired();
    const replaced = this.#newest.get(slotKey(token));
    if (replaced) this.#forget(replaced);
    this.#tokens.set(hashKey(token), token);
    this.#newest.set(slotKey(token), token);
    return Promise.resolve();
  }

  find(
    purpose: string,
    hash: string,
    options: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    const token = this.#live(purpose, hash, options.now);
    return Promise.resolve(token && { ...token, expiresAt: new Date(token.expiresAt) });
  }

  take(
    purpose: string,
    hash: string,
    options: { now?: Date | undefined } = {},
  ): Promise<OneTimeToken | undefined> {
    const token = this.#live(purpose, hash, options.now);
    if (token) this.#forget(token);
    return Promise.resolve(token);
  }

  removeAll(
    subject: string,
    { except = [] }: { except?: readonly string[] | undefined } = {},
  ): Promise<number> {
    checkRemoval(subject, except);
    const now = this.#now();
    const ended = [...this.#tokens.values()].filter(
      (token) => token.subject === subject && !except.includes(token.purpose),
    );
    for (const token of ended) this.#forget(token);
    return Promise.resolve(ended.filter(({ expiresAt }) => expiresAt.getTime() > now).length);
  }

  #live(purpose: string, hash: string, now: Date | undefined): OneTimeToken | undefined {
    checkLookup(purpose, hash, now);
    const token = this.#tokens.get(hashKey({ purpose, hash }));
    return token && token.expiresAt.getTime() > (now?.getTime() ?? this.#now()) ? token : undefined;
  }

  #forget(token: OneTimeToken): void {
    this.#tokens.delete(hashKey(token));
    this.#newest.delete(slotKey(token));
  }

  /** Uses the clock of the store, because the `now` of one call says nothing about the other tokens. */
  #forgetExpired(): void {
    const now = this.#now();
    if (Math.abs(now - this.#sweptAt) < SWEEP_MS) return;
    this.#sweptAt = now;
    for (const token of this.#tokens.values()) if (token.expiresAt.getTime() <= now) this.#forget(token);
  }
}

function hashKey({ purpose, hash }: Pick<OneTimeToken, 'purpose' | 'hash'>): string {
  return JSON.stringify([purpose, hash]);
}

function slotKey({ purpose, subject, slot }: OneTimeToken): string {
  return JSON.stringify([purpose, subject, slot]);
}
