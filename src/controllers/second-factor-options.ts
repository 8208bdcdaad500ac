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
  if (used === undefined || asksForFactor(features)) return;
  throw new TypeError(`${call}: ${used} needs the feature that asks for it, in the option features`);
}

/**
 * What a login says of its methods, without a second factor that the app doesn't vouch for. Where a feature asks for its own, a
 * provider's `mfa` would otherwise pass for that.
 */
export function vouchedAmr(
  {
    amr,
    acceptMfa,
  }: { readonly amr?: readonly string[] | undefined; readonly acceptMfa?: boolean | undefined },
  { features }: LoginStops,
): readonly string[] | undefined {
  if (acceptMfa || !asksForFactor(features)) return amr;
  const others = amr?.filter((method) => method !== 'mfa');
  return others?.length === 0 ? undefined : others;
}

function asksForFactor({ failures }: LoginStops['features']): boolean {
  return failures.includes('SECOND_FACTOR_REQUIRED');
}
