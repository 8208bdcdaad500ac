import type { CredentialStore } from '../../stores/credential-store.js';
import { usernameKey } from '../../utils/username.js';

/** A credential of the user who had the address. Its id is the key of the address. */
export const FORMER_ADDRESS = 'former-address';

export interface FormerAddress {
  /** Until when the address is reserved, as ISO 8601. */
  until: string;
}

/**
 * Addresses that users have changed lately. While the change can be undone, no one else gets the old address: an undo must find
 * it free.
 */
export class ReservedAddresses {
  readonly #credentials: Pick<CredentialStore, 'find'>;
  readonly #now: () => number;

  constructor(credentials: Pick<CredentialStore, 'find'>, { now }: { readonly now: () => number }) {
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
}
