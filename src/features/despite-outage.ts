import { isAuthError } from '../errors.js';

/** What a last step returns. When its store doesn't answer, `otherwise`: the answer has what is shown only once, and must not get lost. */
export async function despiteOutage<Result>(step: Promise<Result>, otherwise: Result): Promise<Result> {
  try {
    return await step;
  } catch (error) {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) return otherwise;
    throw error;
  }
}
