import { serviceUnavailable } from '../../errors.js';
import type { Credential, CredentialStore } from '../../stores/credential-store.js';
import { usernameKey } from '../../utils/username.js';

/** A credential of the user who had the address. Its id is the key of the address. */
const FORMER_ADDRESS = 'former-address';

interface FormerAddress {
  /** Until when the address is reserved, as ISO 8601. */
  until: string;
  /** When it was first changed, as ISO 8601. Reserving it again keeps this time, because the undo of the oldest change wins. */
  since: string;
}

type ReservingStore = Pick<CredentialStore, 'find' | 'list' | 'add' | 'replace' | 'remove'>;

const MAX_TRIES = 3;
/** A request that is sent again within this time finds the address reserved, and doesn't extend that. */
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

  /** @param exceptFor the id of a user who may have the address again */
  async isReserved(address: string, exceptFor?: string): Promise<boolean> {
    const found = await this.#find(address);
    return found !== undefined && found.userId !== exceptFor && this.#current(found) !== undefined;
  }

  /** Keeps the address for the user who gives it up. Safe to run twice. */
  async reserve(userId: string, address: string, lifetimeSeconds: number): Promise<void> {
    const now = this.#now();
    const untilMs = now + lifetimeSeconds * 1000;
    const until = new Date(untilMs).toISOString();
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const found = await this.#find(address);
      const own = found?.userId === userId ? this.#current(found) : undefined;
      // The same request, sent twice at once, has just done it.
      if (own && Date.parse(own.until) > untilMs - SAME_REQUEST_MS) return;
      const data = JSON.stringify({ until, since: own?.since ?? new Date(now).toISOString() });
      if (found?.userId === userId) {
        if (await this.#credentials.replace(found, data)) return;
      } else {
        // Left by another user, who had the address before this one and can't get it back.
        if (found) await this.#credentials.remove(found.userId, FORMER_ADDRESS, found.id);
        const id = usernameKey(address);
        if (await this.#credentials.add({ userId, kind: FORMER_ADDRESS, id, data })) return;
      }
    }
    throw serviceUnavailable(new Error('A former address changed at the same moment, again and again'));
  }

  /**
   * Whether the user may have the address back. Undoing an older change ends that (`releaseLater`), and so does the end of the
   * reservation.
   */
  async isKeptFor(userId: string, address: string): Promise<boolean> {
    const found = await this.#find(address);
    return found?.userId === userId && this.#current(found) !== undefined;
  }

  /** Releases the addresses that the user gave up after this one. Those that were given up before it stay reserved. */
  async releaseLater(userId: string, address: string): Promise<void> {
    const all = await this.listOf(userId);
    const own = all.find(({ id }) => id === usernameKey(address));
    if (!own) return;
    const { since } = formerIn(own);
    for (const each of all)
      if (each.id !== own.id && formerIn(each).since >= since)
        await this.#credentials.remove(userId, FORMER_ADDRESS, each.id);
  }

  /** The credentials that reserve addresses for the user. */
  listOf(userId: string): Promise<Credential[]> {
    return this.#credentials.list(userId, FORMER_ADDRESS);
  }

  #find(address: string): Promise<Credential | undefined> {
    return this.#credentials.find(FORMER_ADDRESS, usernameKey(address));
  }

  #current(found: Credential): FormerAddress | undefined {
    const former = formerIn(found);
    return Date.parse(former.until) > this.#now() ? former : undefined;
  }
}

function formerIn({ data }: Credential): FormerAddress {
  return JSON.parse(data) as FormerAddress;
}
