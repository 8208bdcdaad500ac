import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { usernameKey } from '../../../utils/username.js';
import type { EmailAsker, Addressee } from '../mail-requests.js';
import type { NewLink } from '../one-time-links.js';
import { recipientOf } from '../recipient-of.js';
import type { EmailServices } from '../services.js';

/** What is kept with the token of a reset. */
export interface ResetData {
  /** The key of the address that the mail goes to. Another address makes the token worthless: who reads the old one may be someone else. */
  address: string;
  /** Names the password that the user had when the mail was sent. Another password makes the token worthless. */
  password: string;
}

/** Sends a link to choose a new password. Neither the result nor an error tells whether the address has a user. */
export async function askReset(services: EmailServices, address: string, asker: EmailAsker): Promise<void> {
  const { events, links } = services;
  const { known, recipient } = await recipientOf(services, address, asker);
  if (recipient) await sendReset(services, recipient, asker);
  else await links.pretend('password-reset', address);
  events.announce('passwordResetAsked', () => ({ userId: known?.id, ...asker.origin }));
}

/** Ends the link that the user was sent before. */
export function createResetLink({ links }: EmailServices, user: StoredUser): Promise<NewLink> {
  const data: ResetData = { address: usernameKey(user.username), password: nameOfPassword(user) };
  return links.create('password-reset', user.id, { data });
}

export async function sendReset(services: EmailServices, user: StoredUser, asker: Addressee): Promise<void> {
  const link = await createResetLink(services, user);
  services.mails.send({ kind: 'reset', to: user.username, userId: user.id, ...link }, asker);
}
