import { type AuthError, isAuthError } from '../../../errors.js';
import type { ShownSecrets } from '../../../http/browser-secret.js';
import { nameOfPassword } from '../../../stores/name-of-password.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { type Asker } from '../../asker.js';
import { challengeRefused, type Challenge } from '../challenges.js';
import { proveFactor, type FactorAnswer, type ProvedFactor } from '../prove-factor.js';
import type { FactorServices } from '../services.js';

/** A login whose second step was right. Its challenge is still there, until the session is stored. */
export interface ProvedSecondStep {
  readonly user: StoredUser;
  readonly challenge: Challenge;
  readonly factor: ProvedFactor;
}

/**
 * Judges the second step of a login. A wrong code costs one of the tries of its challenge.
 * @throws AuthError FLOW_STATE_INVALID for a challenge that is unknown, spent, expired or tried too often, or whose user or password has
 * changed; INVALID_SECOND_FACTOR, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE, VALIDATION_FAILED
 */
export async function proveSecondStep(
  services: FactorServices,
  answer: FactorAnswer,
  { transport, secrets }: ShownSecrets,
  asker: Asker,
): Promise<ProvedSecondStep> {
  let failure: AuthError | undefined;
  // There are several only where another host of the same domain has set a cookie of that name.
  for (const secret of secrets) {
    const challenge = await services.challenges.find(secret, transport);
    if (!challenge) continue;
    try {
      return await withinLimits(services, challenge, asker, () => judge(services, challenge, answer, asker));
    } catch (error) {
      if (!isAuthError(error, 'INVALID_SECOND_FACTOR') && !isAuthError(error, 'FLOW_STATE_INVALID'))
        throw error;
      failure = error;
    }
  }
  throw failure ?? challengeRefused(services, 'unknown', asker.origin);
}

/** The limit of the user has refused the attempt, not the limit of the challenge. */
class Waiting extends Error {}

/** Counts the attempt before it is judged: for its challenge, and then for the user. */
async function withinLimits<T>(
  services: FactorServices,
  { hash, userId }: Challenge,
  { origin }: Asker,
  attempt: () => Promise<T>,
): Promise<T> {
  const { failures, tries } = services;
  const requester = { ...origin, userId };
  try {
    return await tries.count(hash, requester, () =>
      failures.count(userId, requester, attempt).catch((error: unknown) => {
        throw isAuthError(error, 'TOO_MANY_ATTEMPTS') ? new Waiting('', { cause: error }) : error;
      }),
    );
  } catch (error) {
    if (error instanceof Waiting) throw error.cause;
    // The tries of this challenge are used up: the login has to begin again.
    if (isAuthError(error, 'TOO_MANY_ATTEMPTS')) throw challengeRefused(services, 'taken', origin);
    throw error;
  }
}

async function judge(
  services: FactorServices,
  challenge: Challenge,
  answer: FactorAnswer,
  asker: Asker,
): Promise<ProvedSecondStep> {
  const user = activeUser(await services.config.users.findById(challenge.userId));
  if (!user || nameOfPassword(user) !== challenge.password)
    throw challengeRefused(services, 'unknown', asker.origin);
  const factor = await proveFactor(services, user, answer, challenge.hash, asker);
  return { user, challenge, factor };
}
