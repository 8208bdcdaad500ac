import type { Verifier, VerifierOptions } from './verifier.js';

/**
 * Makes guards for a service that has no secret: they verify the access tokens of a login service with its public keys. There is no
 * global state: two calls share nothing.
 * @throws TypeError that names the option and the cure
 */
export function createVerifier(options: VerifierOptions): Verifier {
  // Loaded at the first call, as createAuth does.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { assembleVerifier } = require('./assemble-verifier.js') as typeof import('./assemble-verifier.js');
  return assembleVerifier(options);
}
