import { isAuthError } from '../errors.js';
import type { Asker } from './asker.js';
import type { FeatureContext } from './feature.js';

/** A factor that has just been stored. */
interface StoredFactor {
  /** From then on it proves nothing. */
  retire(): Promise<unknown>;
  remove(): Promise<unknown>;
}

/**
 * Asks whether a factor that has just been stored may stay, and takes it back otherwise. A login by it may have been quicker: its session
 * ends, or it notices that the factor is gone. Of two logins that have both added a user's first factor one may be a thief's, so every session ends.
 * @throws what `judge` throws. After an outage it is not known, and the same request asks again
 */
export async function orTakeBack(
  { sessions }: Pick<FeatureContext, 'sessions'>,
  { id: userId, sessionId }: Express.User,
  { origin }: Asker,
  judge: () => void | Promise<void>,
  factor: StoredFactor,
): Promise<void> {
  try {
    await judge();
  } catch (error) {
    const isForeign = isAuthError(error, 'REAUTHENTICATION_REQUIRED');
    if (isForeign || isAuthError(error, 'TOO_MANY_FACTORS')) {
      await factor.retire();
      await sessions.revokeAll(userId, isForeign ? {} : { except: sessionId }, 'factor-removed', origin);
      await factor.remove();
    }
    throw error;
  }
}
