import type { Credential, CredentialStore, NewCredential } from '../../stores/credential-store.js';
import { untilStored } from '../../stores/until-stored.js';
import type { ListedFactor } from '../factor-parts.js';
import { listedPasskey, passkeysIn } from '../stored-passkeys.js';
import { newRecoveryCode, recoveryCodeHash } from './recovery-codes.js';
import type { TotpRules } from './totp.js';
import { toDevice, TRUSTED_DEVICE, type TrustedDevice } from './trusted-devices/trusted-devices.js';

/** A second factor that a user has enrolled, of any kind. */
export type FactorKind = ListedFactor['kind'];

const TOTP = 'totp' satisfies FactorKind;
const RECOVERY_CODES = 'recovery-codes';

/** What the store keeps of an authenticator app. */
export interface TotpData extends TotpRules {
  /** Sealed. */
  readonly secret: string;
  /** The time step of the latest code that was used: no code of this step or an earlier one is good again. */
  readonly step: number;
  /** Names what has used it, which may use the same code again: what an outage stopped. */
  readonly usedBy: string;
  readonly name: string | null;
  /** Milliseconds since 1970; null before the first login. */
  readonly lastUsedAt: number | null;
  /** It is no factor any more. The row stays until what its removal ends has ended, so an outage leaves nothing half done. */
  readonly retired?: true;
}

export interface TotpFactor {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: Date;
  readonly data: TotpData;
  /** The data as the store has it, for a compare-and-set. */
  readonly stored: string;
}

/** A recovery code. Once it is used, it is kept with the name of what has used it. */
interface RecoveryCode {
  readonly hash: string;
  readonly usedBy?: string;
}

/** What a user has. */
export interface UserFactors {
  readonly totp: readonly TotpFactor[];
  /** Of every kind, oldest first. */
  readonly all: readonly ListedFactor[];
  /** The recovery codes, used ones too. */
  readonly codes: Credential | undefined;
  readonly recoveryCodesLeft: number;
  /** Trusted or not: `trustedOf` knows. Oldest first. */
  readonly devices: readonly TrustedDevice[];
  /** Recovery codes that a removal has left behind, for `addRecoveryCodes`: an outage has stopped it. */
  readonly leftover: Credential | undefined;
  /** Whether a credential of this name is among them. */
  has(name: FactorName): boolean;
}

/** Names a credential that has proved a login. */
export interface FactorName {
  readonly kind: FactorKind | 'recovery-codes';
  readonly id: string;
}

/** The second factors of users, in the credential store. */
export class Factors {
  readonly #store: CredentialStore;
  readonly #codeCount: number;

  /** @param codeCount how many recovery codes a user gets */
  constructor(store: CredentialStore, codeCount: number) {
    this.#store = store;
    this.#codeCount = codeCount;
  }

  /** One read of the store. */
  async of(userId: string): Promise<UserFactors> {
    const credentials = await this.#store.list(userId);
    const totp = credentials
      .filter(({ kind }) => kind === TOTP)
      .map(toFactor)
      .filter(({ data }) => !data.retired);
    const row = credentials.find(({ kind }) => kind === RECOVERY_CODES);
    // Also where this process lacks the feature `passkeys`: a password alone must not do for their user then.
    const all = [...totp.map(listed), ...passkeysIn(credentials).map(listedPasskey)].sort(
      (one, other) => one.createdAt.getTime() - other.createdAt.getTime(),
    );
    const [codes, leftover] = all.length > 0 ? [row, undefined] : [undefined, row];
    return {
      totp,
      all,
      codes,
      recoveryCodesLeft: codes ? codesIn(codes).filter(({ usedBy }) => usedBy === undefined).length : 0,
      devices: credentials.filter(({ kind }) => kind === TRUSTED_DEVICE).map(toDevice),
      leftover,
      has: ({ kind, id }) =>
        kind === RECOVERY_CODES ? codes?.id === id : all.some((each) => each.kind === kind && each.id === id),
    };
  }

  /** The ids of the user's authenticator apps, also of those that a removal has retired and an outage has kept. */
  async totpIds(userId: string): Promise<string[]> {
    return (await this.#store.list(userId, TOTP)).map(({ id }) => id);
  }

  /** @returns false if there is a factor with this id already */
  addTotp(userId: string, id: string, data: TotpData): Promise<boolean> {
    return this.#store.add({ userId, kind: TOTP, id, data: JSON.stringify(data) });
  }

  /** Whether the user has this factor. */
  async hasTotp(userId: string, id: string): Promise<boolean> {
    const found = await this.#findTotp(userId, id);
    return found !== undefined && !found.data.retired;
  }

  /** @returns false, and changes nothing, when the factor has changed or gone meanwhile */
  replaceTotp({ userId, id, stored }: TotpFactor, data: TotpData): Promise<boolean> {
    return this.#store.replace({ userId, kind: TOTP, id, data: stored }, JSON.stringify(data));
  }

  /** From now on it is no factor. `remove` it when all is done. @returns whether the user had this factor, or had retired it */
  retire(userId: string, id: string): Promise<boolean> {
    return untilStored(async () => {
      const factor = await this.#findTotp(userId, id);
      if (!factor) return false;
      if (factor.data.retired) return true;
      return (await this.replaceTotp(factor, { ...factor.data, retired: true })) ? true : undefined;
    });
  }

  /** With the last factor the recovery codes go too. @returns whether the user had this factor */
  async remove(userId: string, id: string): Promise<boolean> {
    const existed = await this.#store.remove(userId, TOTP, id);
    await this.removeCodesWithoutFactor(userId);
    return existed;
  }

  async removeCodesWithoutFactor(userId: string): Promise<void> {
    if ((await this.of(userId)).all.length === 0)
      await this.#store.removeAll(userId, { kinds: [RECOVERY_CODES] });
  }

  /**
   * The first recovery codes of a user. Of parallel calls one gets them.
   * @param leftover what the user had before the first factor, which they replace
   * @returns undefined if the user has some already, even used ones
   */
  async addRecoveryCodes(userId: string, leftover: Credential | undefined): Promise<string[] | undefined> {
    const { codes, credential } = this.#newCodes(userId);
    const isStored = leftover
      ? await this.#store.replace(leftover, credential.data)
      : await this.#store.add(credential);
    return isStored ? codes : undefined;
  }

  /** New recovery codes in place of all old ones. */
  renewRecoveryCodes(userId: string): Promise<string[]> {
    const { codes, credential } = this.#newCodes(userId);
    return untilStored(async () => {
      const previous = await this.#findCodes(userId);
      const isStored = previous
        ? await this.#store.replace(previous, credential.data)
        : await this.#store.add(credential);
      return isStored ? codes : undefined;
    });
  }

  /** Uses a recovery code up. The same `by` may use it again. Those that a removal has left behind are good for nothing. */
  useRecoveryCode(userId: string, code: string, by: string): Promise<UsedRecoveryCode> {
    const hash = recoveryCodeHash(code);
    return untilStored<UsedRecoveryCode>(async () => {
      const { codes: row } = await this.of(userId);
      const codes = row ? codesIn(row) : [];
      const found = codes.find((each) => each.hash === hash);
      if (!row || !found) return { outcome: 'wrong-code' };
      const name = { kind: RECOVERY_CODES, id: userId } as const;
      const left = codes.filter((each) => each.usedBy === undefined && each !== found).length;
      if (found.usedBy === by) return { outcome: 'used-before', name, left };
      if (found.usedBy !== undefined) return { outcome: 'used-code' };
      const next = codes.map((each) => (each === found ? { hash, usedBy: by } : each));
      return (await this.#store.replace(row, JSON.stringify(next)))
        ? { outcome: 'used', name, left }
        : undefined;
    });
  }

  async #findTotp(userId: string, id: string): Promise<TotpFactor | undefined> {
    const found = await this.#store.find(TOTP, id);
    return found?.userId === userId ? toFactor(found) : undefined;
  }

  async #findCodes(userId: string): Promise<Credential | undefined> {
    const found = await this.#store.find(RECOVERY_CODES, userId);
    return found?.userId === userId ? found : undefined;
  }

  #newCodes(userId: string): { codes: string[]; credential: NewCredential } {
    const codes = Array.from({ length: this.#codeCount }, newRecoveryCode);
    const data = JSON.stringify(codes.map((code): RecoveryCode => ({ hash: recoveryCodeHash(code) })));
    // The id is that of the user, so there is one list a user.
    return { codes, credential: { userId, kind: RECOVERY_CODES, id: userId, data } };
  }
}

/** `used-before`: by the same, whose answer got lost or whose login an outage stopped. */
export type UsedRecoveryCode =
  | { readonly outcome: 'used' | 'used-before'; readonly name: FactorName; readonly left: number }
  | { readonly outcome: 'wrong-code' | 'used-code' };

function toFactor({ userId, id, createdAt, data }: Credential): TotpFactor {
  return { id, userId, createdAt, data: JSON.parse(data) as TotpData, stored: data };
}

function listed({ id, createdAt, data: { name, lastUsedAt } }: TotpFactor): ListedFactor {
  return { id, kind: TOTP, name, createdAt, lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt) };
}

/** Only this file writes them. */
function codesIn({ data }: Credential): RecoveryCode[] {
  return JSON.parse(data) as RecoveryCode[];
}
