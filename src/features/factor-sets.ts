import { randomUUID } from 'node:crypto';
import { isAuthError } from '../errors.js';
import type { Credential, CredentialStore } from '../stores/credential-store.js';
import { untilStored } from '../stores/until-stored.js';
import { inTimeLeft } from '../utils/in-time-left.js';
import {
  dataOf,
  digestOfName,
  FACTORS,
  factorSetIn,
  rowIn,
  type AwaitedData,
  type FactorName,
  type FactorSet,
  type NextFactorSet,
} from './factor-row.js';

/**
 * What has become of an addition. `gone`: it is no factor, and this call has changed nothing. `settled`: it is one, whose session the same
 * request has found, which came twice; or it is one by another addition.
 */
export type Undone = 'taken back' | 'gone' | 'settled';

/**
 * Which credentials of a user are second factors, and the recovery codes. One row of the credential store says so, and each change
 * replaces that row by a compare-and-set. So whatever depends on all factors of a user is decided in one step, in however many processes:
 * how many there may be, whether one is the first or the last, and the codes that come and go with them.
 *
 * A credential is stored before it becomes a factor, and is deleted after it has ceased to be one. Before and after it proves nothing. What
 * isn't finished is marked in three places: `unsettled` in the row says that a factor may still be taken back, `awaitedUntil` in a
 * credential when it is given up if it is no factor, and `pending` in a passkey which request goes on with it.
 */
export class FactorSets {
  readonly #store: CredentialStore;

  constructor(store: CredentialStore) {
    this.#store = store;
  }

  async of(userId: string): Promise<FactorSet> {
    return factorSetIn(await this.#store.list(userId));
  }

  async hasFactor(userId: string): Promise<boolean> {
    return (await this.of(userId)).factors.length > 0;
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
    for (const { kind, id, data } of set.unfinished) {
      const { awaitedUntil } = JSON.parse(data) as AwaitedData;
      if (awaitedUntil !== undefined && awaitedUntil <= now) await this.#store.remove(userId, kind, id);
    }
    return set;
  }

  /**
   * From then on `deleteAbandoned` leaves the credential of a factor alone, also when it is one no longer.
   * @param assertMayKeep asked about a factor, before anything changes. Default: nothing to ask
   * @returns whether it was awaited until now: of parallel calls one gets true
   */
  async keepStored(
    userId: string,
    name: FactorName,
    assertMayKeep?: (set: FactorSet) => void,
  ): Promise<boolean> {
    return untilStored(async () => {
      const set = await this.of(userId);
      const found = set.factors.find((each) => isNamed(each, name));
      if (found) assertMayKeep?.(set);
      const { awaitedUntil, ...data } = JSON.parse(found?.data ?? '{}') as AwaitedData;
      if (!found || awaitedUntil === undefined) return false;
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
   * Makes a stored credential a factor, unsettled at first.
   * @param assertMayAdd is not asked about one that is a factor already
   * @param onUndone called when an addition is undone that got no answer: it may have been a factor for a moment. Default: nothing to do
   * @returns `added`: this call has made it one; of parallel calls one gets that. `unknown`: the user has no such credential. `addition` is
   * undefined for a factor that is settled
   * @throws what `assertMayAdd` throws; AuthError SERVICE_UNAVAILABLE: then it is undone, as far as the store can be reached
   */
  async add(
    userId: string,
    name: FactorName,
    assertMayAdd: (set: FactorSet) => void,
    onUndone?: () => Promise<unknown>,
  ): Promise<{ outcome: 'added' | 'was one' | 'unknown'; addition: string | undefined }> {
    const addition = randomUUID();
    let isWriting = false;
    const adding = this.change(userId, (set) => {
      if (!isAmong(set.unfinished, name)) return undefined;
      assertMayAdd(set);
      isWriting = true;
      const unsettled = [...set.unsettled, { factor: digestOfName(name), addition }];
      return { ...set, factors: [...set.factors, name], unsettled };
    });
    const before = await adding.catch(async (error: unknown) => {
      // It may be one, and only the answer got lost, or may become one later. Then no one would look for the session.
      if (isWriting && isAuthError(error, 'SERVICE_UNAVAILABLE'))
        await inTimeLeft(this.#giveUp(userId, name, addition).then(onUndone));
      throw error;
    });
    if (isAmong(before.factors, name)) return { outcome: 'was one', addition: additionOf(name, before) };
    if (isAmong(before.unfinished, name)) return { outcome: 'added', addition };
    return { outcome: 'unknown', addition: undefined };
  }

  /**
   * The session of an addition has been found: `takeBack` leaves the factor alone.
   * @param addition as `add` has returned it
   * @returns false if the factor has gone, though it may have been added again
   */
  async settle(userId: string, name: FactorName, addition: string | undefined): Promise<boolean> {
    const before = await this.change(userId, (set) =>
      isUnsettled(set, name, addition)
        ? { ...set, unsettled: set.unsettled.filter((each) => each.addition !== addition) }
        : undefined,
    );
    if (!isAmong(before.factors, name)) return false;
    const found = additionOf(name, before);
    return found === undefined || found === addition;
  }

  /**
   * Undoes an addition.
   * @param addition as `add` has returned it
   */
  async takeBack(userId: string, name: FactorName, addition: string | undefined): Promise<Undone> {
    const before = await this.change(userId, (set) =>
      isUnsettled(set, name, addition) ? { ...set, factors: without(set.factors, name) } : undefined,
    );
    if (isUnsettled(before, name, addition)) return 'taken back';
    return isAmong(before.factors, name) ? 'settled' : 'gone';
  }

  /** Undoes an addition that got no answer, and what the store does of it later. */
  async #giveUp(userId: string, name: FactorName, addition: string): Promise<void> {
    await this.change(userId, (set) => {
      // The credential is gone, perhaps with its user, and what is late makes nothing a factor.
      if (!isStored(set, name)) return undefined;
      const factors = isUnsettled(set, name, addition) ? without(set.factors, name) : set.factors;
      return { ...set, factors, givenUp: addition };
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
      return { ...set, factors: without(set.factors, name) };
    });
    return isStored(before, name);
  }

  /** From then on the user has no factor and no recovery code. The credentials stay stored. */
  async removeAll(userId: string): Promise<void> {
    await this.#store.removeAll(userId, { kinds: [FACTORS] });
  }
}

function isStored({ factors, unfinished }: FactorSet, name: FactorName): boolean {
  return isAmong(factors, name) || isAmong(unfinished, name);
}

function additionOf(name: FactorName, { unsettled }: FactorSet): string | undefined {
  return unsettled.find(({ factor }) => factor === digestOfName(name))?.addition;
}

function isUnsettled(set: FactorSet, name: FactorName, addition: string | undefined): boolean {
  return addition !== undefined && additionOf(name, set) === addition;
}

function isAmong(credentials: readonly Credential[], name: FactorName): boolean {
  return credentials.some((each) => isNamed(each, name));
}

function without(credentials: readonly Credential[], name: FactorName): Credential[] {
  return credentials.filter((each) => !isNamed(each, name));
}

function isNamed({ kind, id }: Credential, name: FactorName): boolean {
  return kind === name.kind && id === name.id;
}
