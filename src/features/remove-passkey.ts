import { AuthError } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Asker } from './asker.js';
import { ownUser } from './own-user.js';
import { dropFactor } from './drop-factor.js';
import type { FactorSet, StoredFactor } from './factor-row.js';
import type { FactorSets } from './factor-sets.js';
import type { FeatureContext } from './feature.js';
import type { StoredPasskeys } from './stored-passkeys.js';

export interface RemovalServices extends Pick<
  FeatureContext,
  'config' | 'events' | 'notify' | 'others' | 'sessions'
> {
  readonly passkeys: StoredPasskeys;
  readonly factorSets: FactorSets;
}

/**
 * Removes a passkey of the user's own, and ends every other session. What an outage stops, the same request again finishes.
 * @returns false if the user has no such passkey
 * @throws AuthError LAST_WAY_IN if nothing else logs the user in; ACCESS_TOKEN_INVALID for a user who is gone
 */
export async function removePasskey(
  services: RemovalServices,
  owner: Express.User,
  passkeyId: string,
  asker: Asker,
): Promise<boolean> {
  const { config, events, notify, others, passkeys } = services;
  const { id: userId, sessionId } = owner;
  const user = await ownUser(config.users, userId);
  const mayBeLast = await hasOtherWayIn(services, user);
  const rules = others.factorRules();
  const assertMayRemove = ({ factors }: FactorSet) => {
    rules?.assertMayRemove(owner);
    if (!mayBeLast && factors.filter(({ kind }) => kind === 'passkey').length === 1)
      throw new AuthError('LAST_WAY_IN');
  };
  const factor: StoredFactor = {
    name: { kind: 'passkey', id: passkeyId },
    delete: () => passkeys.delete(userId, passkeyId),
  };
  const outcome = await dropFactor(services, owner, factor, assertMayRemove, asker);
  if (outcome === 'done') {
    events.announce('passkeyRemoved', () => ({ userId, sessionId, passkeyId, ...asker.origin }));
    notify({ kind: 'factor-removed', user, locale: asker.locale });
  }
  return outcome !== 'unknown';
}

/** Whether the user can log in without any passkey. What an app brings of its own has linked an identity. */
async function hasOtherWayIn({ config, others }: RemovalServices, user: StoredUser): Promise<boolean> {
  if (user.passwordHash !== null || others.logsIn(user)) return true;
  const linked = await config.users.identities?.listIdentities(user.id);
  return (linked ?? []).length > 0;
}
