import { AuthError, isAuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import type { Session } from '../stores/refresh-token-store.js';
import { untilStored } from '../stores/until-stored.js';
import { inTimeLeft } from '../utils/in-time-left.js';
import type { Asker } from './asker.js';
import type { FactorSet, StoredFactor } from './factor-row.js';
import type { FactorSets, Undone } from './factor-sets.js';
import type { FeatureContext } from './feature.js';

type AddingServices = Pick<FeatureContext, 'sessions'> & { readonly factorSets: FactorSets };

/**
 * Makes a credential that has just been stored a factor, or deletes it if it may not become one. Of two logins that both add a user's
 * first factor at the same moment one may be a thief's, so every session ends. A session that ends at this moment leaves no factor, unless
 * the process or a server dies or hangs before the addition is undone.
 * @returns false if the credential has gone meanwhile
 * @throws what `assertMayAdd` throws; AuthError SESSION_REVOKED; SERVICE_UNAVAILABLE: then the same request again goes on
 */
export function addFactor(
  services: AddingServices,
  owner: Express.User,
  stored: StoredFactor,
  assertMayAdd: (set: FactorSet) => void,
  { origin }: Asker,
): Promise<boolean> {
  const { factorSets, sessions } = services;
  const { id: userId, sessionId } = owner;
  // Again if the same request has come twice, and the other one takes it back because it couldn't look for the session.
  return untilStored(async () => {
    const { addition, outcome } = await add(services, owner, stored, assertMayAdd, origin);
    if (outcome === 'unknown') return false;
    // The same request may have come twice: the other one has found the session before it ended, or undoes this itself.
    const undo = async (from: readonly Undone[], except?: string) => {
      const undone = await factorSets.takeBack(userId, stored.name, addition);
      if (!from.includes(undone)) return;
      await endSessions(services, userId, except, origin);
      if (except === undefined) await stored.delete();
    };
    let session: Session | undefined;
    try {
      // Asked when it is a factor: the session was there then, or has ended since the guards let it pass.
      session = await sessions.find(userId, sessionId);
    } catch (error) {
      // No one knows whether it has ended. The same request again adds the factor.
      await inTimeLeft(undo(['taken back'], sessionId));
      throw error;
    }
    if (session) return (await factorSets.settle(userId, stored.name, addition)) || undefined;
    await undo(['taken back']).catch(async (error: unknown) => {
      // Once more, and all of it, because only the answer may be lost. The session is gone, so the same request doesn't come again.
      await inTimeLeft(undo(['taken back', 'gone']));
      throw error;
    });
    throw new AuthError('SESSION_REVOKED');
  });
}

/** A login by a factor that is undone has its session by now, which ends, or notices that the factor is gone. */
async function endSessions(
  { sessions }: AddingServices,
  userId: string,
  except: string | undefined,
  origin: RequestOrigin,
): Promise<void> {
  await sessions.revokeAll(userId, { except }, 'factor-removed', origin);
}

async function add(
  services: AddingServices,
  { id: userId, sessionId }: Express.User,
  stored: StoredFactor,
  assertMayAdd: (set: FactorSet) => void,
  origin: RequestOrigin,
): ReturnType<FactorSets['add']> {
  const { factorSets, sessions } = services;
  try {
    return await factorSets.add(userId, stored.name, assertMayAdd, () =>
      endSessions(services, userId, sessionId, origin),
    );
  } catch (error) {
    const isSecond = isAuthError(error, 'REAUTHENTICATION_REQUIRED');
    if (isSecond) await sessions.revokeAll(userId, {}, 'factor-added', origin);
    if (isSecond || isAuthError(error, 'TOO_MANY_FACTORS')) await stored.delete();
    throw error;
  }
}
