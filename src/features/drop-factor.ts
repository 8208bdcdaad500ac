import type { Asker } from './asker.js';
import type { FactorSet, StoredFactor } from './factor-row.js';
import type { FactorSets } from './factor-sets.js';
import type { FeatureContext } from './feature.js';

/**
 * Ends a factor of the user's own, with the trusted devices and every other session. What an outage stops, the same call again finishes.
 * A session that ends at this very moment removes it all the same, as a moment before: the recovery codes may have gone with it, so it
 * can't come back as it was. The user is told.
 * @returns `unknown`: the user has no such credential. `done`: this call has ended it; of parallel calls one gets that
 * @throws what `assertMayRemove` throws; AuthError SERVICE_UNAVAILABLE
 */
export async function dropFactor(
  {
    factorSets,
    others,
    sessions,
  }: Pick<FeatureContext, 'others' | 'sessions'> & { readonly factorSets: FactorSets },
  { id: userId, sessionId }: Express.User,
  factor: StoredFactor,
  assertMayRemove: (set: FactorSet) => void,
  { origin }: Asker,
): Promise<'unknown' | 'done' | 'done elsewhere'> {
  // Asked before too: the mark that this takes away says whether the factor has been announced. If the removal fails after that, a factor
  // whose addition an outage has left unannounced is never announced; only its removal is.
  await factorSets.keepStored(userId, factor.name, assertMayRemove);
  if (!(await factorSets.remove(userId, factor.name, assertMayRemove))) return 'unknown';
  await others.factorRules()?.endDevices(userId);
  // A login by this factor has its session by now, which ends, or notices that the factor is gone.
  await sessions.revokeAll(userId, { except: sessionId }, 'factor-removed', origin);
  return (await factor.delete()) ? 'done' : 'done elsewhere';
}
