import { AuthError, isAuthError, serviceUnavailable } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { Session } from '../stores/refresh-token-store.js';
import { undoInTime } from '../utils/undo-in-time.js';
import type { Asker } from './asker.js';
import type { FactorName, FactorSet } from './factor-set.js';
import type { FactorSets } from './factor-sets.js';
import type { FeatureContext } from './feature.js';

/** A credential in the store, which is a factor or isn't. */
export interface StoredFactor {
  readonly name: FactorName;
  /** Of parallel calls one returns true. */
  delete(): Promise<boolean>;
}

type AddingServices = Pick<FeatureContext, 'sessions'> & { readonly factorSets: FactorSets };

/**
 * Makes a credential that has just been stored a factor, or deletes it if it may not become one. Of two logins that both add a user's
 * first factor at the same moment one may be a thief's, so every session ends. A session that ends at this moment
 * leaves no factor, unless the process or the database dies between the change and the look for the session.
 * @returns false if the credential has gone meanwhile
 * @throws what `assertMayAdd` throws; AuthError SESSION_REVOKED; SERVICE_UNAVAILABLE: then the same request again goes on
 */
export async function addFactor(
  services: AddingServices,
  owner: Express.User,
  factor: StoredFactor,
  assertMayAdd: (set: FactorSet) => void,
  { origin }: Asker,
): Promise<boolean> {
  const { factorSets, sessions } = services;
  const { id: userId } = owner;
  let outcome: 'added' | 'was one' | 'unknown';
  try {
    outcome = await factorSets.add(userId, factor.name, assertMayAdd);
  } catch (error) {
    const isSecond = isAuthError(error, 'REAUTHENTICATION_REQUIRED');
    if (isSecond) await sessions.revokeAll(userId, {}, 'factor-added', origin);
    if (isSecond || isAuthError(error, 'TOO_MANY_FACTORS')) await factor.delete();
    throw error;
  }
  if (outcome === 'unknown') return false;
  // Asked when it is a factor: the session was there then, or has ended since the guards let it pass.
  if (!(await findSession(services, owner, factor))) {
    await undo(services, owner, factor, origin);
    throw new AuthError('SESSION_REVOKED');
  }
  if (!(await factorSets.settle(userId, factor.name)))
    throw serviceUnavailable(new Error('The factor was taken back or removed at the same moment'));
  return true;
}

/** @throws AuthError SERVICE_UNAVAILABLE. Then no one knows whether it has ended, and the same request again adds the factor */
async function findSession(
  { factorSets, sessions }: AddingServices,
  { id: userId, sessionId }: Express.User,
  factor: StoredFactor,
): Promise<Session | undefined> {
  try {
    return await sessions.find(userId, sessionId);
  } catch (error) {
    await undoInTime(factorSets.takeBack(userId, factor.name));
    throw error;
  }
}

async function undo(
  { factorSets, sessions }: AddingServices,
  { id: userId }: Express.User,
  factor: StoredFactor,
  origin: RequestOrigin,
): Promise<void> {
  // The same request may have come twice, and found the session before it ended.
  if (!(await factorSets.takeBack(userId, factor.name))) return;
  // A login by this factor has its session by now, which ends, or notices that the factor is gone.
  await sessions.revokeAll(userId, {}, 'factor-removed', origin);
  await factor.delete();
}
