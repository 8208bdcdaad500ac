import { answerInTime } from '../../sessions/answer-in-time.js';
import { askedAbout } from '../../sessions/ask-claims.js';
import type { StoredUser } from '../../stores/user-store.js';
import { kindOf } from '../../utils/option-words.js';
import type { FactorServices } from './services.js';

/**
 * Whether the user must enrol a second factor before anything else, which access tokens say.
 * @throws AuthError SERVICE_UNAVAILABLE if the app or the store doesn't answer: then there is no token
 * @throws TypeError if the app's function returns anything but a boolean
 */
export async function mustEnrol(
  { factorSets, options: { required } }: Pick<FactorServices, 'factorSets' | 'options'>,
  user: StoredUser,
): Promise<boolean> {
  const isRequired =
    required && (await answerInTime('secondFactor(): required', () => required(askedAbout(user))));
  if (typeof isRequired !== 'boolean')
    throw new TypeError(`secondFactor(): required must return true or false, not ${kindOf(isRequired)}`);
  return isRequired && !(await factorSets.hasFactor(user.id));
}
