import { serviceUnavailable } from '../errors.js';

/** How often a change at the same moment may come first. Each of them is a login or a change by the user, so it can't go on for long. */
const MAX_TRIES = 60;

/**
 * Repeats a compare-and-set that has lost against a change at the same moment, which makes it return undefined.
 * @throws AuthError SERVICE_UNAVAILABLE if it loses again and again
 */
export async function untilStored<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw serviceUnavailable(new Error('A credential changed at the same moment, again and again'));
}
