import type { Credential, CredentialStore } from '../stores/credential-store.js';
import { untilStored } from '../stores/until-stored.js';
import type { ListedFactor } from './factor-parts.js';
import { factorSetIn, type AwaitedData, type FactorKind, type FactorSet } from './factor-row.js';

/** The kind of their rows in the credential store. */
export const PASSKEY = 'passkey' satisfies FactorKind;

/** What a passkey says about itself when it is registered. */
export interface NewPasskey {
  /** The credential id, base64url. */
  readonly id: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: readonly string[];
  /** Whether it may ever be on several devices. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

/** What the store keeps of a passkey. */
export interface PasskeyData extends Omit<NewPasskey, 'id'>, AwaitedData {
  readonly name: string | null;
  /** Milliseconds since 1970; null before the first use. */
  readonly lastUsedAt: number | null;
  /** Names the latest challenge that it has answered, and what for. The same again is no second use: an outage has stopped it. */
  readonly last?: LastAnswer | undefined;
  /** The registration isn't finished. Names its request: the same again goes on. */
  readonly pending?: string | undefined;
}

export interface LastAnswer {
  /** The digest of the challenge. */
  readonly challenge: string;
  readonly by: string;
}

export interface Passkey {
  /** The credential id. */
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly data: PasskeyData;
  /** The data as the store has it, for a compare-and-set. */
  readonly stored: string;
}

/** An id that the store can keep, and that `toJSON` of a browser may have made. */
const ID = /^[\w-]{1,1024}$/;

/**
 * The passkeys of users, in the credential store. Both `passkeys` and `secondFactor` read them: a passkey is a second factor whether or
 * not this process has the feature that uses it. One that `FactorSets` doesn't count as a factor, or not any more, proves nothing.
 */
export class StoredPasskeys {
  readonly #store: CredentialStore;

  constructor(store: CredentialStore) {
    this.#store = store;
  }

  /** Those that are factors, oldest first. */
  async of(userId: string): Promise<Passkey[]> {
    return passkeysIn(factorSetIn(await this.#store.list(userId)));
  }

  /** Finds a passkey without its user. It may be no factor: `of` and `change` know. */
  async find(id: string): Promise<Passkey | undefined> {
    if (!ID.test(id)) return undefined;
    const found = await this.#store.find(PASSKEY, id);
    return found && toPasskey(found);
  }

  /** Stores a passkey, which is no factor yet. @returns false if some user has this passkey already */
  store(
    userId: string,
    { id, ...passkey }: NewPasskey,
    name: string | null,
    registration: Required<Pick<PasskeyData, 'pending' | 'awaitedUntil'>>,
  ): Promise<boolean> {
    const data: PasskeyData = { ...passkey, name, lastUsedAt: null, ...registration };
    return this.#store.add({ userId, kind: PASSKEY, id, data: JSON.stringify(data) });
  }

  /**
   * Changes a passkey of the user that is a factor.
   * @param change returns undefined to leave it as it is
   * @returns the passkey before and after; undefined if the user has no such passkey
   */
  async change(
    userId: string,
    id: string,
    change: (data: PasskeyData) => PasskeyData | undefined,
  ): Promise<{ before: Passkey; after: PasskeyData } | undefined> {
    const changed = await untilStored(async () => {
      const before = (await this.of(userId)).find((each) => each.id === id);
      if (!before) return 'unknown';
      const after = change(before.data);
      if (!after) return { before, after: before.data };
      const previous = { userId, kind: PASSKEY, id, data: before.stored };
      const isStored = await this.#store.replace(previous, JSON.stringify(after));
      return isStored ? { before, after } : undefined;
    });
    return changed === 'unknown' ? undefined : changed;
  }

  /** Deletes a passkey that is no factor any more. Of parallel calls one returns true. */
  delete(userId: string, id: string): Promise<boolean> {
    return this.#store.remove(userId, PASSKEY, id);
  }
}

/** The passkeys among the factors of a user. */
export function passkeysIn({ factors }: Pick<FactorSet, 'factors'>): Passkey[] {
  return factors.filter(({ kind }) => kind === PASSKEY).map(toPasskey);
}

/** As GET /factors lists it. */
export function listedPasskey({ id, createdAt, data }: Passkey): ListedFactor {
  return { id, kind: PASSKEY, name: data.name, createdAt, lastUsedAt: lastUsedAtOf(data) };
}

/** This file writes them, and `FactorSets` takes their mark away. */
export function toPasskey({ userId, id, createdAt, data }: Credential): Passkey {
  return { id, userId, createdAt, data: JSON.parse(data) as PasskeyData, stored: data };
}

export function lastUsedAtOf({ lastUsedAt }: Pick<PasskeyData, 'lastUsedAt'>): Date | null {
  return lastUsedAt === null ? null : new Date(lastUsedAt);
}
