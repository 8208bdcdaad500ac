import { serviceUnavailable } from '../../errors.js';
import type { Credential, CredentialStore } from '../../stores/credential-store.js';
import { usernameKey } from '../../utils/username.js';

/** A credential of the user who had the address. Its id is the key of the address. */
export const FORMER_ADDRESS = 'former-address';

export interface FormerAddress {
  /** Until when the address is reserved, as ISO 8601. */
  until: string;
  /** When it was first changed, as ISO 8601. Reserved again meanwhile, it stays the older one: undoing the oldest change wins. */
  since: string;
}

type ReservingStore = Pick<CredentialStore, 'find' | 'list' | 'add' | 'replace' | 'remove'>;

const MAX_TRIES = 3;
const SAME_REQUEST_MS = 10_000;

/**
 * Addresses that users have changed lately. While the change can be undone, no one else gets the old address: an undo must find
 * it free.
 */
export class ReservedAddresses {
  readonly #credentials: ReservingStore;
  readonly #now: () => number;

  constructor(credentials: ReservingStore, { now }: { readonly now: () => number }) {
    this.#credentials = credentials;
    this.#now = now;
  }

  /** @param exceptFor the user who had the address may have it again */
  async isReserved(address: string, exceptFor?: string): Promise<boolean> {
    const found = await this.#credentials.find(FORMER_ADDRESS, usernameKey(address));
    if (!found || found.userId === exceptFor) return false;
    const { until } = JSON.parse(found.data) as FormerAddress;
    return Date.parse(until) > this.#now();
  }

  /** Keeps the address for the user who gives it up. Safe to run twice. */
  async reserve(userId: string, address: string, lifetimeSeconds: number): Promise<void> {
    const now = this.#now();
    const until = new Date(now + lifetimeSeconds * 1000).toISOString();
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await this.#credentials.find(FORMER_ADDRESS, usernameKey(address));
      const own = found?.userId === userId ? this.#current(found) : undefined;
      // The same request, sent twice at once, has just done it.
      if (own && Date.parse(own.until) > now + lifetimeSeconds * 1000 - SAME_REQUEST_MS) return;
      const data = JSON.stringify({ until, since: own?.since ?? new Date(now).toISOString() });
      if (found?.userId === userId) {
        if (await this.#credentials.replace(found, data)) return;
      } else {
        // Of a user who had it before, and can't have it again: it has another owner now.
        if (found) await this.#credentials.remove(found.userId, FORMER_ADDRESS, found.id);
        const id = usernameKey(address);
        if (await this.#credentials.add({ userId, kind: FORMER_ADDRESS, id, data })) return;
      }
    }
    throw serviceUnavailable(new Error('A former address changed at the same moment, again and again'));
  }

  /** Whether the user may have the address back. A change that was undone together with an older one may not be undone again. */
  async isKeptFor(userId: string, address: string): Promise<boolean> {
    const found = await this.#credentials.find(FORMER_ADDRESS, usernameKey(address));
    return found?.userId === userId && this.#current(found) !== undefined;
  }

  /** Undoing the change from this address also ends what undoes a later change. Changes from before stay as they are. */
  async releaseLater(userId: string, address: string): Promise<void> {
    const all = await this.#credentials.list(userId, FORMER_ADDRESS);
    const own = all.find(({ id }) => id === usernameKey(address));
    if (!own) return;
    const { since } = JSON.parse(own.data) as FormerAddress;
    for (const { id, data } of all)
      if (id !== own.id && (JSON.parse(data) as FormerAddress).since >= since)
        await this.#credentials.remove(userId, FORMER_ADDRESS, id);
  }

  #current({ data }: Credential): FormerAddress | undefined {
    const former = JSON.parse(data) as FormerAddress;
    return Date.parse(former.until) > this.#now() ? former : undefined;
  }
}
