import { activeUser, type StoredUser } from '../../stores/user-store.js';
import { isAddress } from './address.js';
import type { EmailAsker } from './mail-requests.js';
import type { EmailServices } from './services.js';

interface Recipient {
  /** The user who has the address. Undefined for a disabled one, too. */
  readonly known: StoredUser | undefined;
  /** The same user, unless no mail may be sent. */
  readonly recipient: StoredUser | undefined;
}

/** Who gets the mail that a request asks for. Counts the request, and takes as long for every address. */
export async function recipientOf(
  { config, mails }: EmailServices,
  address: string,
  asker: EmailAsker,
): Promise<Recipient> {
  const mayAsk = await mails.mayAsk(address, asker);
  const known = activeUser(await config.users.findByUsername(address));
  return { known, recipient: known && mayAsk && isAddress(known.username) ? known : undefined };
}
