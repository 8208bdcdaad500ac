import { AuthError } from '../../errors.js';
import { activeUser } from '../../stores/user-store.js';
import type { Asker } from '../asker.js';
import { dropFactor } from '../drop-factor.js';
import type { StoredFactor } from '../factor-row.js';
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
  services: FactorServices,
  owner: Express.User,
  factorId: string,
  asker: Asker,
): Promise<void> {
  const { config, events, factors, notify } = services;
  const { id: userId, sessionId } = owner;
  const factor: StoredFactor = {
    name: { kind: 'totp', id: factorId },
    delete: () => factors.delete(userId, 'totp', factorId),
  };
  const outcome = await dropFactor(services, owner, factor, () => assertMayChange(owner), asker);
  if (outcome === 'unknown') throw new AuthError('FACTOR_NOT_FOUND');
  if (outcome !== 'done') return;
  events.announce('factorRemoved', () => ({ userId, sessionId, kind: 'totp', factorId, ...asker.origin }));
  const user = activeUser(await config.users.findById(userId));
  if (user) notify({ kind: 'factor-removed', user, locale: asker.locale });
}
