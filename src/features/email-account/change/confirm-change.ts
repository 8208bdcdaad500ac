import { isAuthError } from '../../../errors.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import { isAddress } from '../address.js';
import type { Asker } from '../mail-requests.js';
import { dataOf, type NewLink } from '../one-time-links.js';
import { repeatableSecret } from '../repeatable-secret.js';
import { nameOfPassword } from '../reset/ask-reset.js';
import { tokenRefused, type EmailServices } from '../services.js';
import type { ChangeData } from './ask-change.js';

/** What is kept with the token of an undo. */
export interface UndoData {
  to: string;
}

/**
 * Gives the user the new address. What makes the token good once is the compare-and-set of the username: the token names the address
 * that it replaces. The token is taken at the very end, so what an outage or a killed process has left, the same request again finishes.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, also where another user has got the address
 */
export async function confirmChange(services: EmailServices, token: string, asker: Asker): Promise<void> {
  const { config, events, links, mails, proofs } = services;
  const found = await links.find('email-change', token);
  const refuse = () => tokenRefused(services, 'email-change', asker.origin, found?.subject);
  const { from = '', to = '', password } = found ? dataOf<ChangeData>(found) : {};
  const user = found && activeUser(await config.users.findById(found.subject));
  if (!user || password !== nameOfPassword(user)) throw refuse();
  const isDone = usernameKey(user.username) === usernameKey(to);
  if (!isDone && user.username !== from) throw refuse();
  if (!isDone && !(await isFree(services, to, user.id))) throw refuse();
  const undo = await keepFormer(services, user.id, from, token);
  if (!isDone && !(await rename(services, user, to))) throw refuse();
  await proofs.prove({ ...user, username: to });
  // Mails to the old address could still reset the password.
  await links.endAll(user.id, { except: ['email-change'] });
  const isFirst = await links.take('email-change', token);
  // Sent twice, the request finds nothing left to do.
  if (!isFirst) return;
  events.announce('emailChanged', () => ({ userId: user.id, ...asker.origin }));
  if (undo) mails.send({ kind: 'email-changed', to: from, userId: user.id, ...undo }, asker);
}

/** In this order: an address is reserved before its user gives it up, so one that is free here is seen to be reserved. */
async function isFree(
  { config, reserved }: EmailServices,
  address: string,
  userId: string,
): Promise<boolean> {
  const owner = await config.users.findByUsername(address);
  return !owner && !(await reserved.isReserved(address, userId));
}

/**
 * Reserves the old address, and makes the link that puts it back. The token follows from the one of the change, so the same request
 * twice at once makes the same link.
 * @returns undefined for a name that is no address, and gets no mail
 */
async function keepFormer(
  { links, options, reserved, sealer }: EmailServices,
  userId: string,
  from: string,
  changeToken: string,
): Promise<NewLink | undefined> {
  if (!isAddress(from)) return undefined;
  await reserved.reserve(userId, from, options.links['email-undo'].lifetimeSeconds);
  const data: UndoData = { to: from };
  return links.create('email-undo', userId, {
    slot: digestOf(usernameKey(from)),
    data,
    token: repeatableSecret(sealer, 'email-undo', changeToken),
  });
}

/** @returns whether the user has the new address now, by this request or by the same one at this moment */
async function rename({ config: { users } }: EmailServices, user: StoredUser, to: string): Promise<boolean> {
  try {
    if (await users.updateUsername?.(user.id, to, user.username)) return true;
  } catch (error) {
    if (isAuthError(error, 'USERNAME_TAKEN')) return false;
    throw error;
  }
  const current = await users.findById(user.id);
  return current !== undefined && usernameKey(current.username) === usernameKey(to);
}
