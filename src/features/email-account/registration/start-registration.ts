import { activeUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { digestOf } from '../../../utils/digest.js';
import type { EmailAsker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';

export interface Registration {
  /** The address. */
  readonly username: string;
  readonly password: string;
  readonly transport: Transport;
  readonly remember: boolean;
}

/**
 * Keeps a registration until its address is proved. A taken address gets a mail that says so. Neither the result nor an error tells
 * which it was: either way one password is hashed, and the stores get the same calls in the same order.
 * @param secret the browser's
 */
export async function startRegistration(
  services: EmailServices,
  { username: address, password, transport, remember }: Registration,
  secret: string,
  asker: EmailAsker,
): Promise<void> {
  const { config, events, mails, passwords, reserved, waiting } = services;
  const passwordHash = await passwords.hash(password, { ...asker.origin, isGone: asker.isGone });
  const mayAsk = await mails.mayAsk(address, asker);
  const found = await config.users.findByUsername(address);
  const isReserved = await reserved.isReserved(address);
  if (mayAsk && !found && !isReserved) {
    const browser = digestOf(secret);
    const link = await waiting.add({ address, passwordHash, browser, transport, remember }, secret);
    mails.send({ kind: 'verify', to: address, ...link }, asker);
  } else {
    await waiting.pretend(address);
    // A disabled user gets no mail.
    if (mayAsk && (!found || activeUser(found)))
      mails.send({ kind: 'already-registered', to: found?.username ?? address, userId: found?.id }, asker);
  }
  events.announce('registrationStarted', () => ({ userId: found?.id, ...asker.origin }));
}
