import { serviceUnavailable } from '../errors.js';
import type { Credential, CredentialStore } from '../stores/credential-store.js';
import { untilStored } from '../stores/until-stored.js';
import { digestOf } from '../utils/digest.js';

/** The kinds of credentials that can be second factors. */
export type FactorKind = 'totp' | 'passkey';

const KINDS: readonly string[] = ['totp', 'passkey'] satisfies FactorKind[];

/** The kind of the row that says which credentials of a user are second factors. Its id is that of the user, so each has one. */
const FACTORS = 'factors';

/** Names a credential that is a second factor, or is to become one. */
export interface FactorName {
  readonly kind: FactorKind;
  readonly id: string;
}

/** What the data of every kind may have. */
export interface AwaitedData {
  /** Milliseconds since 1970. If it is no factor by then, it is deleted. Undefined once that is done, for what is about to be removed at the latest. */
  readonly awaitedUntil?: number | undefined;
}

/** A recovery code. Once it is used, it is kept with the name of what has used it. */
export interface RecoveryCode {
  readonly hash: string;
  readonly usedBy?: string;
}

/** What the row keeps. */
interface FactorsData {
  /** Digests of their names, because an id may be long. */
  readonly factors: readonly string[];
  /** Null until the first ones are made. */
  readonly codes: readonly RecoveryCode[] | null;
  /** Those of a renewal that has yet to find its session. They are no good, and no one has seen them. */
  readonly nextCodes?: readonly RecoveryCode[] | undefined;
}

/** What a user has at one moment. */
export interface FactorSet {
  /** Oldest first. Of whatever kind: a newer process may know more kinds, and a password alone must not do for their users either. */
  readonly factors: readonly Credential[];
  /** Undefined for a user without a factor, and until the first ones are made. */
  readonly codes: readonly RecoveryCode[] | undefined;
  /** Those of the latest renewal that hasn't been finished. */
  readonly nextCodes: readonly RecoveryCode[] | undefined;
  /** Credentials of the kinds that this process knows and that are no factors: one that is about to become one, or whose removal isn't finished. */
  readonly others: readonly Credential[];
}

/** What a user shall have. */
interface NextFactorSet {
  readonly factors: readonly { readonly kind: string; readonly id: string }[];
  /** They go with the last factor. */
  readonly codes: readonly RecoveryCode[] | undefined;
  readonly nextCodes: readonly RecoveryCode[] | undefined;
}

/**
 * Which credentials of a user are second factors, and the recovery codes. One row of the credential store says so, and each change
 * replaces that row by a compare-and-set. So whatever depends on all factors of a user is decided in one step, in however many processes:
 * how many there may be, whether one is the first or the last, and the codes that come and go with them.
 *
 * A credential is stored before it becomes a factor, and is deleted after it has ceased to be one. Before and after it proves nothing.
 */
export class FactorSets {
  readonly #store: CredentialStore;

  constructor(store: CredentialStore) {
    this.#store = store;
  }

  async of(userId: string): Promise<FactorSet> {
    return factorSetIn(await this.#store.list(userId));
  }

  /**
   * @param decide returns what the user shall have, or undefined to change nothing. It is asked again if the set has changed meanwhile
   * @returns the set that `decide` has seen the last time
   * @throws what `decide` throws; AuthError SERVICE_UNAVAILABLE
   */
  change(userId: string, decide: (set: FactorSet) => NextFactorSet | undefined): Promise<FactorSet> {
    return untilStored(async () => {
      const credentials = await this.#store.list(userId);
      const set = factorSetIn(credentials);
      const next = decide(set);
      if (!next) return set;
      const row = rowIn(credentials);
      const data = dataOf(next);
      const isStored = row
        ? await this.#store.replace(row, data)
        : await this.#store.add({ userId, kind: FACTORS, id: userId, data });
      return isStored ? set : undefined;
    });
  }

  /**
   * Deletes the credentials that were about to become factors, and haven't in time.
   * @returns what the user has
   */
  async deleteAbandoned(userId: string, now: number): Promise<FactorSet> {
    const set = await this.of(userId);
    for (const { kind, id, data } of set.others) {
      const { awaitedUntil } = JSON.parse(data) as AwaitedData;
      if (awaitedUntil !== undefined && awaitedUntil <= now) await this.#store.remove(userId, kind, id);
    }
    return set;
  }

  /**
   * Asks a factor to stay: `takeBack` then leaves it alone, and when it is removed, it stays stored until what its removal ends has ended,
   * because `deleteAbandoned` leaves it alone too.
   */
  async keep(userId: string, name: FactorName): Promise<void> {
    await untilStored(async () => {
      const { factors } = await this.of(userId);
      const found = factors.find((each) => isNamed(each, name));
      const { awaitedUntil, ...data } = JSON.parse(found?.data ?? '{}') as AwaitedData;
      if (!found || awaitedUntil === undefined) return true;
      return (await this.#store.replace(found, JSON.stringify(data))) || undefined;
    });
  }

  /** Asks about a credential that isn't stored yet, so that what may not be added leaves nothing behind. `add` asks again. */
  async assertMayAdd(
    userId: string,
    name: FactorName,
    assertMayAdd: (set: FactorSet) => void,
  ): Promise<void> {
    const set = await this.of(userId);
    if (!isAmong(set.factors, name)) assertMayAdd(set);
  }

  /**
   * Makes a stored credential a factor.
   * @param assertMayAdd is not asked about one that is a factor already
   * @returns `added`: this call has made it one; of parallel calls one gets that. `unknown`: the user has no such credential
   */
  async add(
    userId: string,
    name: FactorName,
    assertMayAdd: (set: FactorSet) => void,
  ): Promise<'added' | 'was one' | 'unknown'> {
    const before = await this.change(userId, (set) => {
      if (!isAmong(set.others, name)) return undefined;
      assertMayAdd(set);
      return { ...set, factors: [...set.factors, name] };
    });
    if (isAmong(before.factors, name)) return 'was one';
    return isAmong(before.others, name) ? 'added' : 'unknown';
  }

  /** Undoes `add`, unless the same request has come twice, and the other one has found the session and gone on. */
  async takeBack(userId: string, name: FactorName): Promise<void> {
    await this.change(userId, (set) => {
      const added = set.factors.find((each) => isNamed(each, name));
      if (!added || (JSON.parse(added.data) as AwaitedData).awaitedUntil === undefined) return undefined;
      // The codes of a first factor are the other one's work, and its user has seen them.
      if (set.factors.length === 1 && set.codes) return undefined;
      return { ...set, factors: set.factors.filter((each) => each !== added) };
    });
  }

  /**
   * From then on a credential is no factor. It stays stored, so that what its removal ends can be ended first.
   * @param assertMayRemove is not asked about one that is no factor any more
   * @returns false if the user has no such credential
   */
  async remove(
    userId: string,
    name: FactorName,
    assertMayRemove: (set: FactorSet) => void,
  ): Promise<boolean> {
    const before = await this.change(userId, (set) => {
      if (!isAmong(set.factors, name)) return undefined;
      assertMayRemove(set);
      return { ...set, factors: set.factors.filter((each) => !isNamed(each, name)) };
    });
    return isStored(before, name);
  }

  /** From then on the user has no factor and no recovery code. The credentials stay stored. */
  async removeAll(userId: string): Promise<void> {
    await this.#store.removeAll(userId, { kinds: [FACTORS] });
  }
}

/** Reads the set from all credentials of a user. @throws AuthError SERVICE_UNAVAILABLE for a row that isn't the user's */
export function factorSetIn(credentials: readonly Credential[]): FactorSet {
  const row = rowIn(credentials);
  const {
    factors: digests,
    codes,
    nextCodes,
  }: FactorsData = row ? (JSON.parse(row.data) as FactorsData) : { factors: [], codes: null };
  const factors = credentials.filter((each) => digests.includes(digestOfName(each)));
  return {
    factors,
    codes: factors.length > 0 && codes ? codes : undefined,
    nextCodes: factors.length > 0 ? nextCodes : undefined,
    others: credentials.filter((each) => KINDS.includes(each.kind) && !factors.includes(each)),
  };
}

/** Someone who writes to the database may have moved a row of another user there, whose recovery codes they know. */
function rowIn(credentials: readonly Credential[]): Credential | undefined {
  const row = credentials.find(({ kind }) => kind === FACTORS);
  if (row && row.id !== row.userId)
    throw serviceUnavailable(
      new Error(
        `The user ${row.userId} has the row of second factors of another user: npx passport-visa users reset-factors NAME removes it`,
      ),
    );
  return row;
}

function dataOf({ factors, codes, nextCodes }: NextFactorSet): string {
  const data: FactorsData = {
    factors: factors.map(digestOfName),
    codes: factors.length > 0 && codes ? codes : null,
    nextCodes: factors.length > 0 ? nextCodes : undefined,
  };
  return JSON.stringify(data);
}

function digestOfName({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return digestOf(`${kind}\n${id}`);
}

function isStored({ factors, others }: FactorSet, name: FactorName): boolean {
  return isAmong(factors, name) || isAmong(others, name);
}

function isAmong(credentials: readonly Credential[], name: FactorName): boolean {
  return credentials.some((each) => isNamed(each, name));
}

function isNamed({ kind, id }: Credential, name: FactorName): boolean {
  return kind === name.kind && id === name.id;
}
