import type { Request } from 'express';
import type { StoredUser } from '../stores/user-store.js';
import type { Asker } from './asker.js';
import type { FactorKind, FactorSet } from './factor-row.js';

/** A second factor, as GET /factors lists it. */
export interface ListedFactor {
  readonly id: string;
  readonly kind: FactorKind;
  readonly name: string | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
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
   * @throws AuthError REAUTHENTICATION_REQUIRED, TOO_MANY_FACTORS
   */
  assertMayAdd(owner: Express.User, set: FactorSet): void;
  /** @throws AuthError REAUTHENTICATION_REQUIRED for a login without a factor */
  assertMayRemove(owner: Express.User): void;
  hasFactor(userId: string): Promise<boolean>;
  /** @throws AuthError REAUTHENTICATION_REQUIRED for a login without a factor, if the user has one */
  assertProvedByFactor(owner: Express.User): Promise<void>;
  /** @returns the first recovery codes of a user who has a factor, or undefined if they were made before */
  firstRecoveryCodes(userId: string): Promise<string[] | undefined>;
  /** Ends the trusted devices of a user. */
  endDevices(userId: string): Promise<void>;
  /** Whose login waits for its second step in this browser, or with the challenge of a client without cookies. */
  pendingUser(req: Request, challenge: string | undefined): Promise<string | undefined>;
}
