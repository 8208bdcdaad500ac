import type { SecondFactor } from './feature-calls.js';
import type { SecondFactorOptions } from './options.js';

/**
 * The feature for a second step at the login: codes of an authenticator app (TOTP, RFC 6238), recovery codes and trusted devices.
 * docs/second-factor.md shows how to use it.
 * @throws TypeError that names the option and the cure
 */
export function secondFactor(options: SecondFactorOptions): SecondFactor {
  // Loaded here, so an app without this feature doesn't load it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./set-up.js') as typeof import('./set-up.js')).createSecondFactor(options);
}
