import { isAuthError } from '../errors.js';

/** Returns `otherwise` if the store is down, so that codes that are shown only once still reach the user. */
export async function despiteOutage<Result>(step: Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await step;
  } catch (error) {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) return otherwise;
    throw error;
  }
}
