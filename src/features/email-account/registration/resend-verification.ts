import { activeUser } from '../../../stores/user-store.js';
import { isAddress } from '../address.js';
import type { Asker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { sendVerification } from './register-unproved.js';

/** Sends the link of a registration again. Nothing that is returned or thrown tells whether there is one. */
export function resendVerification(services: EmailServices, address: string, asker: Asker): Promise<void> {
  return services.options.verification === 'required'
    ? resendToBrowser(services, address, asker)
    : resendToUser(services, address, asker);
}

/** Only what this browser has registered: another one would get mails for what it knows nothing of. */
async function resendToBrowser(services: EmailServices, address: string, asker: Asker): Promise<void> {
  const { config, mails, waiting } = services;
  const mayAsk = await mails.mayAsk(address, asker);
  const user = await config.users.findByUsername(address);
  const found = await waiting.findByBrowser(address, asker.secrets);
  if (mayAsk && found && !user) {
    const link = await waiting.add(found.registration, found.secret);
    mails.send({ kind: 'verify', to: found.registration.address, ...link }, asker);
  } else await waiting.pretend(address);
}

async function resendToUser(services: EmailServices, address: string, asker: Asker): Promise<void> {
  const { config, links, mails, proofs } = services;
  const mayAsk = await mails.mayAsk(address, asker);
  const user = activeUser(await config.users.findByUsername(address));
  const isProved = await proofs.isProved(user ?? { id: '-', username: address });
  if (mayAsk && user && !isProved && isAddress(user.username)) await sendVerification(services, user, asker);
  else await links.pretend('email-verification', address);
}
