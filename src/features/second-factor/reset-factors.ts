import { NO_ORIGIN } from '../../events/auth-event.js';
import type { Locale } from '../../messages/messages.js';
import { activeUser, type StoredUser } from '../../stores/user-store.js';
import type { FactorReset } from './feature-calls.js';
import type { FactorServices } from './services.js';

/**
 * Takes away all that asks a user for a second factor, or skips it, and ends every session. What an outage stops, the same call again
 * finishes.
 */
export async function resetFactors(
  { endDevices, events, factors, notify, passkeys, sessions }: FactorServices,
  user: StoredUser,
  locale: Locale,
): Promise<FactorReset> {
  const { id: userId } = user;
  const ids = await factors.totpIds(userId);
  for (const id of ids) await factors.retire(userId, id);
  const passkeyIds = await passkeys.removeAll(userId);
  await endDevices(userId);
  // A login by one of these factors has its session by now, which ends, or notices that the factor is gone.
  const sessionIds = await sessions.revokeAll(userId, {}, 'factor-removed', NO_ORIGIN);
  const factorIds = [...passkeyIds];
  for (const passkeyId of passkeyIds)
    events.announce('passkeyRemoved', () => ({ userId, passkeyId, ...NO_ORIGIN }));
  for (const factorId of ids) {
    // Of parallel calls one goes on.
    if (!(await factors.remove(userId, factorId))) continue;
    factorIds.push(factorId);
    const removed = { userId, sessionId: undefined, kind: 'totp', factorId, ...NO_ORIGIN } as const;
    events.announce('factorRemoved', () => removed);
  }
  await factors.removeCodesWithoutFactor(userId);
  if (factorIds.length > 0 && activeUser(user)) notify({ kind: 'factor-removed', user, locale });
  return { factorIds, sessionIds };
}
