import type { EmailAccount } from './account.js';
import type { EmailAccountOptions } from './options.js';

/**
 * The feature for accounts whose username is an e-mail address: a registration that proves the address, a new password for users who
 * have forgotten theirs, a change of address, and logins by mail. docs/email.md shows how to use it.
 * @throws TypeError that names the option and the cure
 */
export function emailAccount(options: EmailAccountOptions): EmailAccount {
  // Loaded here, so an app without this feature doesn't load it.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require('./set-up.js') as typeof import('./set-up.js')).createEmailAccount(options);
}
