import { assertRoom, type FactorSet } from '../factor-row.js';
import { proofNeeded } from '../fresh-login.js';
import type { FactorServices } from './services.js';

/**
 * Whether the latest proof was by a second factor. A password that is proved again leaves the `mfa` of the login in `amr`, but a thief
 * who has a session and the password has no factor.
 */
function isByFactor({ amr = [] }: Pick<Express.User, 'amr'>): boolean {
  const isByPassword = amr.length === 2 && amr.includes('pwd');
  return amr.includes('mfa') && !isByPassword;
}

/**
 * Whether this login may add a factor: one by a factor, or the first of a user.
 * @throws AuthError REAUTHENTICATION_REQUIRED, TOO_MANY_FACTORS
 */
export function assertMayAdd(owner: Express.User, { factors }: Pick<FactorSet, 'factors'>): void {
  if (factors.length > 0) assertMayChange(owner);
  assertRoom(factors);
}

/** Whether this login may change the factors of a user who has one. @throws AuthError REAUTHENTICATION_REQUIRED */
export function assertMayChange(owner: Express.User): void {
  if (!isByFactor(owner)) throw proofNeeded(true);
}

/** A password alone changes no factor of a user who has one. @throws AuthError REAUTHENTICATION_REQUIRED */
export async function assertProvedByFactor(
  { factorSets }: Pick<FactorServices, 'factorSets'>,
  user: Express.User,
): Promise<void> {
  if (!isByFactor(user) && (await factorSets.hasFactor(user.id))) throw proofNeeded(true);
}
