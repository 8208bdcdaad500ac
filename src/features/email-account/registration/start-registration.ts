import { activeUser } from '../../../stores/user-store.js';
import type { Transport } from '../../../tokens/transport.js';
import { digestOf } from '../../../utils/digest.js';
import type { Asker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';

export interface Registration {
  /** The address. */
  readonly username: string;
  readonly password: string;
  readonly transport: Transport;
  readonly remember: boolean;
}

/**
 * Lets a registration wait for the proof of its address. A taken address gets a mail that says so. Nothing that is returned or thrown
 * tells which it was: either way the store is asked the same things in the same order, and one password is hashed.
 * @param secret of the browser
 */
export async function startRegistration(
  services: EmailServices,
  { username: address, password, transport, remember }: Registration,
  secret: string,
  asker: Asker,
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
