import type { Feature } from '../feature.js';
import type { SecondFactorOptions } from './options.js';

/**
 * A second step at the login for users who want it: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.
 * @throws TypeError that names the option and the cure
 */
export function secondFactor(options: SecondFactorOptions): Feature {
  // Loaded here, so an app without this feature doesn't load it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./set-up.js') as typeof import('./set-up.js')).createSecondFactor(options);
}
