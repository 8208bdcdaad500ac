import type { Auth } from './auth.js';
import type { AuthOptions } from './config/auth-options.js';

/**
 * Makes an `auth` from its options. There is no global state: two calls share nothing.
 * @throws TypeError that names the option and the cure
 */
export function createAuth<Fields = unknown>(options: AuthOptions<Fields>): Auth {
  // Most of the package and of its dependencies is loaded here, because a process that only uses a store needs none of it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { assembleAuth } = require('./assemble-auth.js') as typeof import('./assemble-auth.js');
  return assembleAuth(options);
}
