import { AuthError } from '../../errors.js';
import { activeUser } from '../../stores/user-store.js';
import type { Asker } from '../asker.js';
import { removePasskey } from '../remove-passkey.js';
import { assertMayChange } from './may-change.js';
import type { FactorServices } from './services.js';

/**
 * Removes a second factor of the user's own, of any kind.
 * @throws AuthError FACTOR_NOT_FOUND, also for someone else's; LAST_WAY_IN
 */
export async function removeFactor(
  services: FactorServices,
  owner: Express.User,
  factorId: string,
  asker: Asker,
): Promise<void> {
  if (await removePasskey(services, owner, factorId, asker)) return;
  await removeTotp(services, owner, factorId, asker);
}

/**
 * Removes an authenticator app of the user's own, and ends every other session. What an outage stops, the same request again finishes.
 * @throws AuthError FACTOR_NOT_FOUND, also for someone else's
 */
async function removeTotp(
  { config, endDevices, events, factors, factorSets, notify, sessions }: FactorServices,
  owner: Express.User,
  factorId: string,
  { locale, origin }: Asker,
): Promise<void> {
  const { id: userId, sessionId } = owner;
  const name = { kind: 'totp', id: factorId } as const;
  if (!(await factorSets.remove(userId, name, () => assertMayChange(owner))))
    throw new AuthError('FACTOR_NOT_FOUND');
  await endDevices(userId);
  // A login by this factor has its session by now, which ends, or notices that the factor is gone.
  await sessions.revokeAll(userId, { except: sessionId }, 'factor-removed', origin);
  // Of parallel requests one goes on.
  if (!(await factors.delete(userId, 'totp', factorId))) return;
  events.announce('factorRemoved', () => ({ userId, sessionId, kind: 'totp', factorId, ...origin }));
  const user = activeUser(await config.users.findById(userId));
  if (user) notify({ kind: 'factor-removed', user, locale });
}
