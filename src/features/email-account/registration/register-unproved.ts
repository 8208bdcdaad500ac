import { registerUser } from '../../../accounts/register-user.js';
import { isAuthError } from '../../../errors.js';
import { announceOutage } from '../../../events/announce-outage.js';
import type { NewUser, StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import { createUser } from '../free-address.js';
import type { EmailAsker, Addressee } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import type { Registration } from './start-registration.js';

/** What is kept with the token of a user whose address isn't proved yet. */
export interface VerificationData {
  /** The key of the address that the mail goes to. */
  address: string;
}

/**
 * Creates a user whose address isn't proved yet, and sends the link that proves it.
 * @param secret the browser's
 * @throws AuthError USERNAME_TAKEN, also for an address that is reserved
 */
export async function registerUnproved(
  services: EmailServices,
  registration: Registration,
  secret: string,
  asker: EmailAsker,
): Promise<StoredUser> {
  const { events, mails, passwords, proofs } = services;
  const { transport, remember } = registration;
  const mayAsk = await mails.mayAsk(registration.username, asker);
  const create = (user: NewUser) => createUser(services, user);
  const requester = { ...asker.origin, isGone: asker.isGone };
  const user = await registerUser({ events, passwords, create }, registration, requester);
  try {
    await proofs.rememberRegistration(user, { browser: digestOf(secret), transport, remember });
    if (mayAsk) await sendVerification(services, user, asker);
  } catch (error) {
    // The account exists, so the answer is no outage. The user can ask for the mail again.
    if (!isAuthError(error, 'SERVICE_UNAVAILABLE')) throw error;
    announceOutage(events, error);
  }
  return user;
}

/** Ends the link that the user was sent before. */
export async function sendVerification(
  { links, mails }: EmailServices,
  user: StoredUser,
  asker: Addressee,
): Promise<void> {
  const data: VerificationData = { address: usernameKey(user.username) };
  const link = await links.create('email-verification', user.id, { data });
  mails.send({ kind: 'verify', to: user.username, userId: user.id, ...link }, asker);
}
