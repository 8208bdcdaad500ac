import type { ShownSecrets } from '../../../http/browser-secret.js';
import type { EmailAsker } from '../mail-requests.js';
import { recipientOf } from '../recipient-of.js';
import { tokenRefused, type EmailServices } from '../services.js';
import { keptWithToken, loginOf, type LoginRequest, type ProvedLogin } from './asked-login.js';

/** Sends a link that logs in. Neither the result nor an error tells whether the address has a user. */
export async function askLoginLink(
  services: EmailServices,
  request: LoginRequest,
  asker: EmailAsker,
): Promise<void> {
  const { events, links, mails } = services;
  const { known, recipient } = await recipientOf(services, request.address, asker);
  if (recipient) {
    const link = await links.create('login-link', recipient.id, keptWithToken(request, recipient));
    mails.send({ kind: 'login-link', to: recipient.username, userId: recipient.id, ...link }, asker);
  } else await links.pretend('login-link', request.address);
  events.announce('loginLinkAsked', () => ({ userId: known?.id, ...asker.origin }));
}

/** @throws AuthError ONE_TIME_TOKEN_INVALID; unless the token was spent before, it isn't now */
export async function proveLoginLink(
  services: EmailServices,
  token: string,
  shown: ShownSecrets,
  { origin }: EmailAsker,
): Promise<ProvedLogin> {
  const { links } = services;
  const found = await links.find('login-link', token);
  const login = found && (await loginOf(services, found, shown));
  if (login && (await links.take('login-link', token))) return login;
  throw tokenRefused(services, 'login-link', origin, found?.subject);
}
