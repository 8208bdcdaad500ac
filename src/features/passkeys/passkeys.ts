import type { Feature } from '../feature.js';
import type { PasskeysOptions } from './options.js';

/**
 * Login with a passkey, without a password (WebAuthn). With `secondFactor` a passkey is a second factor too. Needs
 * `@simplewebauthn/server`.
 * @throws TypeError that names the option and the cure, and if `@simplewebauthn/server` is not installed
 */
export function passkeys(options: PasskeysOptions): Feature {
  // Loaded here, so an import of this module loads neither the feature nor its dependency.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./set-up.js') as typeof import('./set-up.js')).createPasskeys(options);
}
