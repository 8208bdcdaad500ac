import type { AuthErrorCode } from '../errors.js';
import { localPathSchema } from '../http/local-redirect.js';

/** The option `secondFactor` of `login()` and `completeLogin()`. */
export const secondFactorPathSchema = localPathSchema.optional();

/** What the features may stop a login with. */
export interface LoginStops {
  features: { readonly failures: readonly AuthErrorCode[] };
}

/** @throws TypeError for a path that no login would ever lead to */
export function assertSecondFactorExists(
  call: string,
  secondFactor: string | undefined,
  { features }: LoginStops,
): void {
  if (secondFactor === undefined || features.failures.includes('SECOND_FACTOR_REQUIRED')) return;
  throw new TypeError(`${call}: secondFactor needs the feature that asks for it, in the option features`);
}
