import type { EmailAccount } from './account.js';
import type { EmailAccountOptions } from './options.js';

/**
 * An account whose username is an e-mail address: registration that proves the address, a forgotten password, a change of address, and
 * logins by mail. docs/email.md shows how it is used.
 * @throws TypeError that names the option and the cure
 */
export function emailAccount(options: EmailAccountOptions): EmailAccount {
  // Loaded here, so an app without this feature doesn't load it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./set-up.js') as typeof import('./set-up.js')).createEmailAccount(options);
}
