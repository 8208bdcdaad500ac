import { isAuthError, serviceUnavailable } from '../errors.js';
import { CALL_TIMES } from '../stores/call-times.js';
import { isPromise } from '../utils/is-promise.js';
import { reasonOf } from '../utils/reason-of.js';
import { withinTime } from '../utils/within-time.js';

/**
 * What a function of the app answers. Every error of it counts as an outage: `fetch` throws a TypeError when the network is down.
 * @param name the option, for the error
 * @throws AuthError SERVICE_UNAVAILABLE if it fails, or takes longer than a second
 */
export async function answerInTime(name: string, ask: () => unknown): Promise<unknown> {
  const { timeout } = CALL_TIMES;
  try {
    const answer = ask();
    if (!isPromise(answer)) return answer;
    return await withinTime(answer, timeout, () => new Error(`no answer within ${timeout} ms`));
  } catch (error) {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) throw error;
    throw serviceUnavailable(failure(name, error));
  }
}

/** Its message is what a warning shows. A log of the whole error shows what the app has thrown too. */
function failure(name: string, thrown: unknown): Error {
  return Object.assign(new Error(`${name} failed: ${reasonOf(thrown)}`), { thrown });
}
