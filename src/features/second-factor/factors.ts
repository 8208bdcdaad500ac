import { AuthError, serviceUnavailable } from '../../errors.js';
import type { Credential, CredentialStore } from '../../stores/credential-store.js';
import { untilStored } from '../../stores/until-stored.js';
import type { ListedFactor } from '../factor-parts.js';
import {
  factorSetIn,
  type AwaitedData,
  type FactorKind,
  type FactorName,
  type FactorSet,
  type RecoveryCode,
} from '../factor-row.js';
import type { FactorSets } from '../factor-sets.js';
import { listedPasskey, PASSKEY, toPasskey } from '../stored-passkeys.js';
import { newRecoveryCode, recoveryCodeHash } from './recovery-codes.js';
import type { TotpRules } from './totp.js';
import { toDevice, TRUSTED_DEVICE, type TrustedDevice } from './trusted-devices/trusted-devices.js';

export const TOTP = 'totp' satisfies FactorKind;
const RECOVERY_CODES = 'recovery-codes';

/** What the store keeps of an authenticator app. */
export interface TotpData extends TotpRules, AwaitedData {
  /** Sealed. */
  readonly secret: string;
  /** The time step of the latest code that was used: no code of this step or an earlier one is good again. */
  readonly step: number;
  /** Names what has used it, which may use the same code again: what an outage stopped. */
  readonly usedBy: string;
  readonly name: string | null;
  /** Milliseconds since 1970; null before the first login. */
  readonly lastUsedAt: number | null;
}

export interface TotpFactor {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly data: TotpData;
  /** The data as the store has it, for a compare-and-set. */
  readonly stored: string;
}

/** What a user has. */
export interface UserFactors {
  readonly totp: readonly TotpFactor[];
  /** Of every kind, those that this process doesn't know too. Oldest first. */
  readonly all: readonly { readonly kind: string; readonly id: string }[];
  /** Those of the kinds that this process knows. */
  readonly listed: readonly ListedFactor[];
  readonly recoveryCodesLeft: number;
  /** Trusted or not: `trustedOf` knows. Oldest first. */
  readonly devices: readonly TrustedDevice[];
  /** Whether the user still has what has proved a login. */
  has(proof: ProofName): boolean;
}

/** Names what has proved a login: a factor, or one of the recovery codes. */
export type ProofName = FactorName | { readonly kind: typeof RECOVERY_CODES };

/** The second factors of users, in the credential store. */
export class Factors {
  readonly #store: CredentialStore;
  readonly #sets: FactorSets;
  readonly #codeCount: number;

  /** @param codeCount how many recovery codes a user gets */
  constructor(store: CredentialStore, sets: FactorSets, codeCount: number) {
    this.#store = store;
    this.#sets = sets;
    this.#codeCount = codeCount;
  }

  /** One read of the store. */
  async of(userId: string): Promise<UserFactors> {
    const credentials = await this.#store.list(userId);
    const { factors, codes } = factorSetIn(credentials);
    return {
      totp: factors.filter(({ kind }) => kind === TOTP).map(toTotp),
      // Also where this process lacks the feature `passkeys`: a password alone must not do for their user then.
      all: factors,
      listed: factors.flatMap(listed),
      recoveryCodesLeft: unusedIn(codes ?? []),
      devices: credentials.filter(({ kind }) => kind === TRUSTED_DEVICE).map(toDevice),
      has: (proof) =>
        proof.kind === RECOVERY_CODES
          ? codes !== undefined
          : factors.some(({ kind, id }) => kind === proof.kind && id === proof.id),
    };
  }

  /**
   * Stores an authenticator app, which is no factor yet. One that is stored already stays as it is, but no code up to `data.step` is good
   * any more.
   */
  async storeTotp(userId: string, id: string, data: TotpData): Promise<void> {
    await untilStored(async () => {
      if (await this.#store.add({ userId, kind: TOTP, id, data: JSON.stringify(data) })) return true;
      const found = await this.#store.find(TOTP, id);
      // Removed at the same moment. The caller learns that when it makes it a factor.
      if (found?.userId !== userId) return true;
      const totp = toTotp(found);
      if (totp.data.step >= data.step) return true;
      const { step, usedBy } = data;
      return (await this.replaceTotp(totp, { ...totp.data, step, usedBy })) || undefined;
    });
  }

  /** @returns false, and changes nothing, when the app has changed or gone meanwhile */
  replaceTotp({ userId, id, stored }: TotpFactor, data: TotpData): Promise<boolean> {
    return this.#store.replace({ userId, kind: TOTP, id, data: stored }, JSON.stringify(data));
  }

  /** Deletes a credential that is no factor any more. Of parallel calls one returns true. */
  delete(userId: string, kind: string, id: string): Promise<boolean> {
    return this.#store.remove(userId, kind, id);
  }

  /**
   * The first recovery codes of a user who has a factor. Of parallel calls one gets them.
   * @returns undefined if they were made before
   */
  async firstRecoveryCodes(userId: string): Promise<string[] | undefined> {
    const made = this.#newCodes(userId);
    const isFirst = ({ factors, codes }: FactorSet) => factors.length > 0 && !codes;
    const before = await this.#sets.change(userId, (set) =>
      isFirst(set) ? { ...set, codes: made.hashed } : undefined,
    );
    return isFirst(before) ? made.codes : undefined;
  }

  /**
   * New recovery codes in place of all old ones. They wait beside the old ones until it is known that they may be kept: whatever stops
   * that, the old ones are still good.
   * @param assertMayRenew asked when it is known that there is a factor: perhaps there was none when the request began
   * @param assertMayKeep asked when the new ones wait
   * @throws AuthError FACTOR_NOT_FOUND for a user without a factor; what the two throw; SERVICE_UNAVAILABLE, also if another call renews
   * them at the same moment
   */
  async renewRecoveryCodes(
    userId: string,
    assertMayRenew: () => void,
    assertMayKeep: () => Promise<void>,
  ): Promise<string[]> {
    const { codes, hashed } = this.#newCodes(userId);
    await this.#sets.change(userId, (set) => {
      if (set.factors.length === 0) throw new AuthError('FACTOR_NOT_FOUND');
      assertMayRenew();
      return { ...set, nextCodes: hashed };
    });
    await assertMayKeep();
    await this.#sets.change(userId, (set) => {
      if (set.factors.length === 0) throw new AuthError('FACTOR_NOT_FOUND');
      if (set.nextCodes?.[0]?.hash !== hashed[0]?.hash)
        throw serviceUnavailable(new Error('The recovery codes were renewed at the same moment'));
      return { ...set, codes: hashed, nextCodes: undefined };
    });
    return codes;
  }

  /** Uses a recovery code up. The same `by` may use it again. */
  async useRecoveryCode(userId: string, code: string, by: string): Promise<UsedRecoveryCode> {
    const hash = recoveryCodeHash(userId, code);
    const { codes = [] } = await this.#sets.change(userId, (set) => {
      const isUnused = set.codes?.some((each) => each.hash === hash && each.usedBy === undefined);
      return isUnused
        ? { ...set, codes: set.codes?.map((each) => (each.hash === hash ? { ...each, usedBy: by } : each)) }
        : undefined;
    });
    const found = codes.find((each) => each.hash === hash);
    if (!found) return { outcome: 'wrong-code' };
    const left = unusedIn(codes.filter((each) => each !== found));
    if (found.usedBy === undefined) return { outcome: 'used', left };
    return found.usedBy === by ? { outcome: 'used-before', left } : { outcome: 'used-code' };
  }

  #newCodes(userId: string): { codes: string[]; hashed: RecoveryCode[] } {
    const codes = Array.from({ length: this.#codeCount }, newRecoveryCode);
    return { codes, hashed: codes.map((code) => ({ hash: recoveryCodeHash(userId, code) })) };
  }
}

/** `used-before`: by the same, whose answer got lost or whose login an outage stopped. */
export type UsedRecoveryCode =
  | { readonly outcome: 'used' | 'used-before'; readonly left: number }
  | { readonly outcome: 'wrong-code' | 'used-code' };

/** This file writes them, and `FactorSets` takes their mark away. */
function toTotp({ userId, id, createdAt, data }: Credential): TotpFactor {
  return { id, userId, createdAt, data: JSON.parse(data) as TotpData, stored: data };
}

/** None for a kind that this process doesn't know. */
function listed(credential: Credential): ListedFactor[] {
  if (credential.kind === PASSKEY) return [listedPasskey(toPasskey(credential))];
  if (credential.kind !== TOTP) return [];
  const { id, createdAt, data } = toTotp(credential);
  const { name, lastUsedAt } = data;
  return [{ id, kind: TOTP, name, createdAt, lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt) }];
}

function unusedIn(codes: readonly RecoveryCode[]): number {
  return codes.filter(({ usedBy }) => usedBy === undefined).length;
}
