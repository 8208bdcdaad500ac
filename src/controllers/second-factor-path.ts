import type { AuthErrorCode } from '../errors.js';
import { localPathSchema } from '../http/local-redirect.js';

/** The option `secondFactor` of `login()` and `completeLogin()`. */
export const secondFactorPathSchema = localPathSchema.optional();

/** What the features may stop a login with. */
export interface LoginStops {
  features: { readonly failures: readonly AuthErrorCode[] };
}

/** @throws TypeError for an option that would have no effect, and names it */
export function assertSecondFactorExists(
  call: string,
  options: { readonly secondFactor?: string | undefined; readonly acceptMfa?: boolean | undefined },
  { features }: LoginStops,
): void {
  const [used] = Object.entries(options).find(([, value]) => value !== undefined && value !== false) ?? [];
  if (used === undefined || features.failures.includes('SECOND_FACTOR_REQUIRED')) return;
  throw new TypeError(`${call}: ${used} needs the feature that asks for it, in the option features`);
}
