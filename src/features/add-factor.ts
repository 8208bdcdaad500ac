import { isAuthError } from '../errors.js';
import type { Asker } from './asker.js';
import type { FactorName, FactorSet, FactorSets } from './factor-set.js';
import type { FeatureContext } from './feature.js';

/** A credential in the store, which is a factor or isn't. */
export interface StoredFactor {
  readonly name: FactorName;
  /** Of parallel calls one returns true. */
  delete(): Promise<boolean>;
}

/**
 * Makes a credential that has just been stored a factor, or deletes it if it may not become one. Of two logins that both add a user's
 * first factor at the same moment one may be a thief's, so every session ends.
 * @returns false if the credential has gone meanwhile
 * @throws what `assertMayAdd` throws; AuthError SERVICE_UNAVAILABLE: then the same request again goes on
 */
export async function addFactor(
  { factorSets, sessions }: Pick<FeatureContext, 'sessions'> & { readonly factorSets: FactorSets },
  userId: string,
  factor: StoredFactor,
  assertMayAdd: (set: FactorSet) => void,
  { origin }: Asker,
): Promise<boolean> {
  try {
    return await factorSets.add(userId, factor.name, assertMayAdd);
  } catch (error) {
    const isSecond = isAuthError(error, 'REAUTHENTICATION_REQUIRED');
    if (isSecond) await sessions.revokeAll(userId, {}, 'factor-added', origin);
    if (isSecond || isAuthError(error, 'TOO_MANY_FACTORS')) await factor.delete();
    throw error;
  }
}
