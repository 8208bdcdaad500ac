import type { Request } from 'express';
import { AuthError } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Asker } from './asker.js';

/** A second factor, as GET /factors lists it. */
export interface ListedFactor {
  readonly id: string;
  readonly kind: 'totp' | 'passkey';
  readonly name: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

/** How many a user may have, of all kinds: each of them is one more secret that opens the account. */
const MAX_FACTORS = 10;

/**
 * Whether a user who has these factors may have this one too. To be exact, ask again when it is stored, and take it back if this throws:
 * of parallel requests the last one sees all others.
 * @param id of the factor to come, which may be among them. Default: none is
 * @throws AuthError TOO_MANY_FACTORS
 */
export function assertRoom(factors: readonly { readonly id: string }[], id?: string): void {
  if (factors.filter((factor) => factor.id !== id).length >= MAX_FACTORS)
    throw new AuthError('TOO_MANY_FACTORS');
}

/** What a browser returned for a passkey. */
export interface CredentialAnswer {
  readonly credential: object;
  /** From clients without cookies. */
  readonly challengeId?: string | undefined;
}

/** How a feature of its own proves a kind of second factor. `secondFactor` asks it. */
export interface FactorPart {
  readonly kind: 'passkey';
  /**
   * Judges an answer, and uses it up in all processes and for all purposes.
   * @param by names what it is for. The same `by` may use the same answer again, so what an outage has stopped can go on
   * @returns undefined if it is wrong
   * @throws AuthError SERVICE_UNAVAILABLE
   */
  prove(
    user: StoredUser,
    answer: CredentialAnswer,
    by: string,
    asker: Asker,
  ): Promise<{ readonly id: string; readonly method: 'hwk' | 'swk' } | undefined>;
}

/** What `secondFactor` does for a feature that brings a kind of factor. */
export interface FactorRules {
  /**
   * Whether this login may add a factor: one by a factor, or the first of a user.
   * @param id of the factor to come, which may be stored already
   * @throws AuthError REAUTHENTICATION_REQUIRED, TOO_MANY_FACTORS
   */
  beforeAdding(owner: Express.User, id: string): Promise<AddedFactor>;
  /** The user's factors of all kinds. */
  factors(userId: string): Promise<readonly ListedFactor[]>;
  /** @throws AuthError REAUTHENTICATION_REQUIRED for a login without a factor, if the user has one */
  beforeRemoving(owner: Express.User): Promise<void>;
  /** A factor is one no longer: ends the trusted devices. */
  retired(userId: string): Promise<void>;
  /** A factor is removed: the recovery codes go with the last one. */
  removed(userId: string): Promise<void>;
  /** Whose login waits for its second step in this browser, or with the challenge of a client without cookies. */
  pendingUser(req: Request, challenge: string | undefined): Promise<string | undefined>;
}

/** A factor that has just been stored. */
export interface AddedFactor {
  /**
   * Other requests may have added one each at the same moment. Take this one back when it throws one of these.
   * @throws AuthError REAUTHENTICATION_REQUIRED if one of two logins without a factor may be a thief's; TOO_MANY_FACTORS
   */
  confirm(): Promise<void>;
  /** @returns the user's first recovery codes, or undefined if the user has some */
  recoveryCodes(): Promise<string[] | undefined>;
}
