import { NO_ORIGIN } from '../../events/auth-event.js';
import type { AuthEvents } from '../../events/auth-events.js';
import type { Locale } from '../../messages/messages.js';
import { activeUser, type StoredUser } from '../../stores/user-store.js';
import type { FactorReset } from './feature-calls.js';
import type { FactorServices } from './services.js';

/**
 * Takes away all that asks a user for a second factor, or skips it, and ends every session. What an outage stops, the same call again
 * finishes.
 */
export async function resetFactors(
  { endDevices, events, factors, factorSets, notify, sessions }: FactorServices,
  user: StoredUser,
  locale: Locale,
): Promise<FactorReset> {
  const { id: userId } = user;
  const removeAll = async () => {
    await factorSets.removeAll(userId);
    await endDevices(userId);
  };
  await removeAll();
  // A login by one of these factors has its session by now, which ends, or notices that the factor is gone.
  const sessionIds = await sessions.revokeAll(userId, {}, 'factor-removed', NO_ORIGIN);
  // A session that has ended just now may have added one in between, when a password was enough for that.
  await removeAll();
  const factorIds: string[] = [];
  for (const { kind, id } of (await factorSets.of(userId)).unfinished) {
    // Of parallel calls one goes on.
    if (!(await factors.delete(userId, kind, id))) continue;
    factorIds.push(id);
    announceRemoval(events, userId, kind, id);
  }
  if (factorIds.length > 0 && activeUser(user)) notify({ kind: 'factor-removed', user, locale });
  return { factorIds, sessionIds };
}

function announceRemoval(events: AuthEvents, userId: string, kind: string, id: string): void {
  if (kind === 'passkey') events.announce('passkeyRemoved', () => ({ userId, passkeyId: id, ...NO_ORIGIN }));
  else
    events.announce('factorRemoved', () => ({
      userId,
      sessionId: undefined,
      kind: 'totp',
      factorId: id,
      ...NO_ORIGIN,
    }));
}
