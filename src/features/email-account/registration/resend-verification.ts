import type { Asker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';

/**
 * Sends the link of a registration again, if the request comes from the browser that registered. Nothing that is returned or thrown
 * tells whether there is one.
 * @param secrets of the browser
 */
export async function resendVerification(
  services: EmailServices,
  address: string,
  secrets: readonly string[],
  asker: Asker,
): Promise<void> {
  const { config, mails, waiting } = services;
  const mayAsk = await mails.mayAsk(address, asker);
  const user = await config.users.findByUsername(address);
  const found = await waiting.findByBrowser(address, secrets);
  if (mayAsk && found && !user) {
    const link = await waiting.add(found.registration, found.secret);
    mails.send({ kind: 'verify', to: found.registration.address, ...link }, asker);
  } else await waiting.pretend(address);
}
