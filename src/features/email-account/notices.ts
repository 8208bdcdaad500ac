import type { Request } from 'express';
import { activeUser } from '../../stores/user-store.js';
import { isAddress } from './address.js';
import type { EmailServices } from './services.js';

/**
 * Mails the owner of an account whose password POST /password has changed. A reset sends its own mail. The event doesn't know the language
 * of its request, so the mail is in the one of the option `locale`, or in English.
 */
export function mailOfPasswordChanges({ config, events, localeOf, mails }: EmailServices): void {
  const locale = localeOf({ headers: {} } as Request);
  events.on('passwordChanged', async ({ userId }) => {
    const user = activeUser(await config.users.findById(userId));
    if (user && isAddress(user.username))
      mails.send({ kind: 'password-changed', to: user.username, userId }, { locale });
  });
}
