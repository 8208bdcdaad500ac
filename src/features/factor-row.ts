import { AuthError, serviceUnavailable } from '../errors.js';
import type { Credential } from '../stores/credential-store.js';
import { digestOf } from '../utils/digest.js';

/** The kinds of credentials that can be second factors. */
export type FactorKind = 'totp' | 'passkey';

const KINDS: readonly string[] = ['totp', 'passkey'] satisfies FactorKind[];

/** The kind of the row that says which credentials of a user are second factors. Its id is that of the user, so each has one. */
export const FACTORS = 'factors';

/** Names a credential that is a second factor, or is to become one. */
export interface FactorName {
  readonly kind: FactorKind;
  readonly id: string;
}

/** A stored credential that is a factor, or is none yet or any more, and what deletes it. */
export interface StoredFactor {
  readonly name: FactorName;
  /** Of parallel calls one returns true. */
  delete(): Promise<boolean>;
}

/** How many factors a user may have, of all kinds: each of them is one more secret that opens the account. */
const MAX_FACTORS = 10;

/** Whether a user who has these factors may have one more. @throws AuthError TOO_MANY_FACTORS */
export function assertRoom(factors: readonly unknown[]): void {
  if (factors.length >= MAX_FACTORS) throw new AuthError('TOO_MANY_FACTORS');
}

/** What the data of every kind may have. */
export interface AwaitedData {
  /**
   * Milliseconds since 1970. If it is no factor by then, the user's next enrolment deletes it. Undefined once it has been made a factor,
   * at the latest when it is about to be removed: what its removal ends must be ended before it is deleted.
   */
  readonly awaitedUntil?: number | undefined;
}

/** A recovery code. Once it is used, it is kept with the name of what has used it. */
export interface RecoveryCode {
  readonly hash: string;
  readonly usedBy?: string;
}

/** A factor whose request has yet to find its session, which takes it back if the session has ended. A process that is killed leaves it so. */
export interface Unsettled {
  /** The digest of its name. */
  readonly factor: string;
  /** Names the addition: a factor that is gone may be added again. */
  readonly addition: string;
}

/** What the row keeps. */
interface FactorsData {
  /** Digests of their names, because an id may be long. */
  readonly factors: readonly string[];
  /** Undefined: none. */
  readonly unsettled?: readonly Unsettled[] | undefined;
  /** Null until the first ones are made. */
  readonly codes: readonly RecoveryCode[] | null;
  /** Those of a renewal that has yet to find its session. They are no good, and no one has seen them. */
  readonly nextCodes?: readonly RecoveryCode[] | undefined;
  /** Names the latest addition that was given up without an answer. A write of it that comes late finds another row, and changes nothing. */
  readonly givenUp?: string | undefined;
}

/** What a user has at one moment. */
export interface FactorSet {
  /** Oldest first. Of whatever kind: a newer process may know more kinds, and a password alone must not do for their users either. */
  readonly factors: readonly Credential[];
  /** Of `factors`. */
  readonly unsettled: readonly Unsettled[];
  /** Undefined for a user without a factor, and until the first ones are made. */
  readonly codes: readonly RecoveryCode[] | undefined;
  /** Those of the latest renewal that hasn't been finished. */
  readonly nextCodes: readonly RecoveryCode[] | undefined;
  readonly givenUp: string | undefined;
  /** Members of the row that only a newer process knows. */
  readonly newer: object;
  /** Credentials of the kinds that this process knows and that are no factors: one that is about to become one, or whose removal isn't finished. */
  readonly unfinished: readonly Credential[];
}

/** A newer process may know more kinds. */
export interface CredentialName {
  readonly kind: string;
  readonly id: string;
}

/** What a user shall have. */
export interface NextFactorSet {
  readonly factors: readonly CredentialName[];
  /** Those that are no factors are left out. */
  readonly unsettled: readonly Unsettled[];
  /** They go with the last factor. */
  readonly codes: readonly RecoveryCode[] | undefined;
  readonly nextCodes: readonly RecoveryCode[] | undefined;
  readonly givenUp: string | undefined;
  readonly newer: object;
}

/** Reads the set from all credentials of a user. @throws AuthError SERVICE_UNAVAILABLE for a row that isn't the user's */
export function factorSetIn(credentials: readonly Credential[]): FactorSet {
  const row = rowIn(credentials);
  const {
    factors: digests,
    unsettled = [],
    codes,
    nextCodes,
    givenUp,
    ...newer
  }: FactorsData = row ? (JSON.parse(row.data) as FactorsData) : { factors: [], codes: null };
  const factors = credentials.filter((each) => digests.includes(digestOfName(each)));
  return {
    factors,
    unsettled,
    codes: factors.length > 0 && codes ? codes : undefined,
    nextCodes: factors.length > 0 ? nextCodes : undefined,
    givenUp,
    newer,
    unfinished: credentials.filter((each) => KINDS.includes(each.kind) && !factors.includes(each)),
  };
}

/** Someone who writes to the database may have moved a row of another user there, whose recovery codes they know. */
export function rowIn(credentials: readonly Credential[]): Credential | undefined {
  const row = credentials.find(({ kind }) => kind === FACTORS);
  if (row && row.id !== row.userId)
    throw serviceUnavailable(
      new Error(
        `The user ${row.userId} has the row of second factors of another user: npx passport-visa users reset-factors NAME removes it`,
      ),
    );
  return row;
}

/** What the row shall keep. */
export function dataOf({ codes, givenUp, newer, nextCodes, ...set }: NextFactorSet): string {
  const factors = set.factors.map(digestOfName);
  const unsettled = set.unsettled.filter(({ factor }) => factors.includes(factor));
  const data: FactorsData = {
    ...newer,
    factors,
    unsettled: unsettled.length > 0 ? unsettled : undefined,
    codes: factors.length > 0 && codes ? codes : null,
    nextCodes: factors.length > 0 ? nextCodes : undefined,
    givenUp,
  };
  return JSON.stringify(data);
}

export function digestOfName({ kind, id }: CredentialName): string {
  return digestOf(`${kind}\n${id}`);
}
