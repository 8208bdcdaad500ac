import { AuthError } from '../../../errors.js';
import type { StoredUser } from '../../../stores/user-store.js';
import type { Asker } from '../../asker.js';
import { addFactor } from '../../add-factor.js';
import { despiteOutage } from '../../despite-outage.js';
import type { FactorName, FactorSet } from '../../factor-row.js';
import { ownUser } from '../../own-user.js';
import type { TotpData } from '../factors.js';
import { assertMayAdd } from '../may-change.js';
import type { FactorServices } from '../services.js';
import { stepsOf } from '../totp.js';
import { ENROLMENT_SECONDS, type Enrolment } from './enrolments.js';

export interface TotpConfirmation {
  readonly id: string;
  readonly code: string;
  readonly name?: string | undefined;
}

/**
 * Enrols the authenticator app that has shown this code, and ends every other session. What an outage stops, the same request again
 * finishes, with the same code. The code logs no one in.
 * @returns the recovery codes, if they are the user's first ones
 * @throws AuthError INVALID_SECOND_FACTOR; TOO_MANY_FACTORS; REAUTHENTICATION_REQUIRED if another factor was enrolled at the same moment,
 * SESSION_REVOKED if the session has ended at this moment
 */
export async function confirmTotp(
  services: FactorServices,
  owner: Express.User,
  { id, code, name }: TotpConfirmation,
  asker: Asker,
): Promise<{ recoveryCodes?: string[] }> {
  const { config, enrolments, events, factors, factorSets, notify, sessions } = services;
  const { id: userId, sessionId } = owner;
  const user = await ownUser(config.users, userId);
  const factor: FactorName = { kind: 'totp', id };
  const mayAdd = (set: FactorSet) => assertMayAdd(owner, set);
  await factorSets.assertMayAdd(userId, factor, mayAdd);
  await config.timeKnown();
  const enrolment = await enrolments.find(user, sessionId, id);
  const step = enrolment && stepOf(services, user, enrolment, code);
  if (step === undefined) throw new AuthError('INVALID_SECOND_FACTOR');
  const { digits, periodSeconds, secret } = enrolment as Enrolment;
  const data: TotpData = {
    ...{ digits, periodSeconds, secret, step, usedBy: '', name: name ?? null, lastUsedAt: null },
    awaitedUntil: config.now() + ENROLMENT_SECONDS * 1000,
  };
  // It may be stored already: the request came before, perhaps with an earlier code, and an outage stopped it.
  await factors.storeTotp(userId, id, data);
  const stored = { name: factor, delete: () => factors.delete(userId, 'totp', id) };
  if (!(await addFactor(services, owner, stored, mayAdd, asker)))
    throw new AuthError('INVALID_SECOND_FACTOR');
  // After it has become a factor: a login that comes now is asked for it, and one that came before ends.
  await sessions.revokeAll(userId, { except: sessionId }, 'factor-added', asker.origin);
  const recoveryCodes = await factors.firstRecoveryCodes(userId);
  // The mark of the credential decides, not the enrolment: the session may have begun another one, which ends this. In an outage it may be
  // announced twice.
  const [isNew] = await Promise.all([
    despiteOutage(factorSets.keepStored(userId, factor), true),
    despiteOutage(enrolments.take(id), true),
  ]);
  if (isNew) {
    events.announce('factorAdded', () => ({
      userId,
      sessionId,
      kind: 'totp',
      factorId: id,
      ...asker.origin,
    }));
    notify({ kind: 'factor-added', user, locale: asker.locale });
  }
  return recoveryCodes ? { recoveryCodes } : {};
}

/** The latest time step around now whose code this is: no code up to it is good for a login. */
function stepOf(
  { config, options, secrets }: FactorServices,
  user: StoredUser,
  { id, secret: sealed, ...rules }: Enrolment,
  code: string,
): number | undefined {
  const secret = secrets.open(sealed, user.id, id);
  return secret && stepsOf(code, secret, rules, options.totp.window, config.now()).at(-1);
}
