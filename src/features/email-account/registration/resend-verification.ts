import type { EmailAsker } from '../mail-requests.js';
import { recipientOf } from '../recipient-of.js';
import type { EmailServices } from '../services.js';
import { sendVerification } from './register-unproved.js';

/** Sends the link of a registration again. Neither the result nor an error tells whether there is one. */
export function resendVerification(
  services: EmailServices,
  address: string,
  asker: EmailAsker,
): Promise<void> {
  return services.options.verification === 'required'
    ? resendToBrowser(services, address, asker)
    : resendToUser(services, address, asker);
}

/** Sends the link of this browser's registration. Each browser that has registered the address has its own. */
async function resendToBrowser(services: EmailServices, address: string, asker: EmailAsker): Promise<void> {
  const { config, mails, waiting } = services;
  const mayAsk = await mails.mayAsk(address, asker);
  const user = await config.users.findByUsername(address);
  const found = await waiting.findByBrowser(address, asker.secrets);
  if (mayAsk && found && !user) {
    const link = await waiting.add(found.registration, found.secret);
    mails.send({ kind: 'verify', to: found.registration.address, ...link }, asker);
  } else await waiting.pretend(address);
}

async function resendToUser(services: EmailServices, address: string, asker: EmailAsker): Promise<void> {
  const { links, proofs } = services;
  const { known, recipient } = await recipientOf(services, address, asker);
  // Where no user has the address too, for the same answer in the same time.
  const isProved = await proofs.isProved(known ?? { id: '-', username: address });
  if (recipient && !isProved) await sendVerification(services, recipient, asker);
  else await links.pretend('email-verification', address);
}
