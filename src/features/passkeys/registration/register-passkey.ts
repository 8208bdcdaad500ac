import { AuthError } from '../../../errors.js';
import type { StoredUser } from '../../../stores/user-store.js';
import type { Asker } from '../../asker.js';
import { addFactor } from '../../add-factor.js';
import { despiteOutage } from '../../despite-outage.js';
import { assertRoom, type FactorName, type FactorSet } from '../../factor-row.js';
import { nameOfEnroller } from '../../name-of-enroller.js';
import { ownUser } from '../../own-user.js';
import { CHALLENGE_SECONDS } from '../challenges.js';
import type { PasskeyServices } from '../services.js';
import type { Passkey } from '../../stored-passkeys.js';
import { isPending, pendingName } from './pending-registration.js';

export interface PasskeyRegistration {
  readonly credential: object;
  readonly challengeId?: string | undefined;
  readonly name?: string | undefined;
}

export interface RegisteredPasskey {
  readonly passkey: Passkey;
  readonly recoveryCodes?: string[];
}

/**
 * Registers a passkey. With `secondFactor` it is a second factor from now on, so every other session ends. What an outage stops after the
 * passkey is stored, the same request again finishes.
 * @returns the recovery codes, if they are the user's first ones
 * @throws AuthError INVALID_PASSKEY, PASSKEY_EXISTS, TOO_MANY_FACTORS; REAUTHENTICATION_REQUIRED for a login without a factor, if the user has
 * one; SESSION_REVOKED if the session has ended at this moment
 */
export async function registerPasskey(
  services: PasskeyServices,
  owner: Express.User,
  registration: PasskeyRegistration,
  asker: Asker,
): Promise<RegisteredPasskey> {
  const { config, factorSets, others, passkeys, sessions } = services;
  const { id: userId, sessionId } = owner;
  const user = await ownUser(config.users, userId);
  const { id } = registration.credential as { id: string };
  const name: FactorName = { kind: 'passkey', id };
  const rules = others.factorRules();
  const mayAdd = (set: FactorSet) => (rules ? rules.assertMayAdd(owner, set) : assertRoom(set.factors));
  await factorSets.assertMayAdd(userId, name, mayAdd);
  const pending = await store(services, user, nameOfEnroller(user, sessionId), registration, asker);
  const stored = { name, delete: () => passkeys.delete(userId, id) };
  if (!(await addFactor(services, owner, stored, mayAdd, asker))) throw new AuthError('INVALID_PASSKEY');
  if (rules) {
    // After it has become a factor: a login that comes now is asked for it, and one that came before ends.
    await sessions.revokeAll(userId, { except: sessionId }, 'factor-added', asker.origin);
  }
  const found = await passkeys.find(id);
  // Another session has removed it at the same moment.
  if (!found) throw new AuthError('INVALID_PASSKEY');
  const recoveryCodes = await rules?.firstRecoveryCodes(userId);
  return {
    passkey: await finish(services, user, found, { pending, sessionId }, asker),
    ...(recoveryCodes && { recoveryCodes }),
  };
}

/** Judges the answer, and stores the passkey. @returns the name of the request, which marks the passkey until all is done */
async function store(
  services: PasskeyServices,
  user: StoredUser,
  enroller: string,
  { credential, challengeId, name }: PasskeyRegistration,
  asker: Asker,
): Promise<string> {
  const { challenges, config, passkeys, webauthn } = services;
  const { id: userId } = user;
  const challenge = webauthn.challengeIn(credential);
  if (challenge === undefined) throw new AuthError('INVALID_PASSKEY');
  const pending = pendingName(challenge, enroller);
  await config.timeKnown();
  const asked = await challenges.find(
    'passkey-registration',
    challenge,
    services.browser.shown(asker.req, challengeId),
  );
  if (!asked) {
    const stored = await passkeys.find((credential as { id: string }).id);
    if (stored?.userId === userId && isPending(stored.data, pending, config.now())) return pending;
    throw new AuthError('INVALID_PASSKEY');
  }
  if (asked.userId !== userId || asked.enroller !== enroller) throw new AuthError('INVALID_PASSKEY');
  const made = await webauthn.verifyRegistration(credential, challenge);
  // Of parallel answers to one challenge, one goes on.
  if (!made || !(await challenges.take('passkey-registration', challenge)))
    throw new AuthError('INVALID_PASSKEY');
  const awaitedUntil = config.now() + CHALLENGE_SECONDS * 1000;
  if (!(await passkeys.store(userId, made, name ?? null, { pending, awaitedUntil })))
    throw new AuthError('PASSKEY_EXISTS');
  return pending;
}

/** Announces it once, and takes the mark away. In an outage it may be announced twice, and the mark stays: it opens nothing. */
async function finish(
  { events, notify, passkeys }: PasskeyServices,
  user: StoredUser,
  found: Passkey,
  { pending, sessionId }: { pending: string; sessionId: string },
  { locale, origin }: Asker,
): Promise<Passkey> {
  const { id } = found;
  const changing = passkeys.change(user.id, id, (data) =>
    data.pending === pending ? { ...data, pending: undefined, awaitedUntil: undefined } : undefined,
  );
  const changed = await despiteOutage(changing, { before: found, after: found.data });
  // Another session has removed it at the same moment.
  if (!changed) throw new AuthError('INVALID_PASSKEY');
  const { before, after } = changed;
  if (before.data.pending === pending) {
    const { backedUp } = after;
    events.announce('passkeyAdded', () => ({
      userId: user.id,
      sessionId,
      passkeyId: id,
      backedUp,
      ...origin,
    }));
    notify({ kind: 'factor-added', user, locale });
  }
  return { ...before, data: after };
}
