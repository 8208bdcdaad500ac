import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { ownUser } from '../../own-user.js';
import { isAddress } from '../address.js';
import type { EmailAsker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';

/** What is kept with the token of a change. */
export interface ChangeData {
  from: string;
  to: string;
  /** The session that asked. When it ends, as by a logout everywhere, the token is worthless. */
  sessionId: string;
  /** Names the user's password. If the password changes, as it does by an undo, the token stops working. */
  password: string;
}

/**
 * Sends a link to the new address, unless it is the user's own. Neither the result nor an error tells whether someone has that address.
 * @throws AuthError ACCESS_TOKEN_INVALID for a user who is gone
 */
export async function askChange(
  services: EmailServices,
  { id, sessionId }: Pick<Express.User, 'id' | 'sessionId'>,
  to: string,
  asker: EmailAsker,
): Promise<void> {
  const { config, events, links, mails, reserved } = services;
  const user = await ownUser(config.users, id);
  const mayAsk = await mails.mayAsk(to, asker);
  const owner = await config.users.findByUsername(to);
  const isReserved = await reserved.isReserved(to, user.id);
  if (mayAsk) {
    // For a taken address too, but no one gets that link. If the link that the user asked for before stayed good, it would tell.
    const data: ChangeData = { from: user.username, to, sessionId, password: nameOfPassword(user) };
    const link = await links.create('email-change', user.id, { data });
    if (!owner && !isReserved) mails.send({ kind: 'email-change', to, userId: user.id, ...link }, asker);
    else if (mayBeTold(owner, user))
      mails.send({ kind: 'email-change-taken', to: owner?.username ?? to, userId: owner?.id }, asker);
  } else await links.pretend('email-change', to);
  events.announce('emailChangeAsked', () => ({ userId: user.id, ...asker.origin }));
}

/** Whether the address gets a mail that says that it is taken. A reserved one does, although no user has it now. A disabled user gets none. */
function mayBeTold(owner: StoredUser | undefined, { id }: StoredUser): boolean {
  if (!owner) return true;
  return owner.id !== id && !owner.disabled && isAddress(owner.username);
}
