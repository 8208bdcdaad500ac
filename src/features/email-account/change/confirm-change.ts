import { isAuthError } from '../../../errors.js';
import { nameOfPassword } from '../../../stores/name-of-password.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { usernameKey } from '../../../utils/username.js';
import { isAddress } from '../address.js';
import { isFree } from '../free-address.js';
import type { EmailAsker } from '../mail-requests.js';
import { dataOf, type NewLink } from '../one-time-links.js';
import { repeatableSecret } from '../repeatable-secret.js';
import { tokenRefused, type EmailServices } from '../services.js';
import type { ChangeData } from './ask-change.js';

/** What is kept with the token of an undo. */
export interface UndoData {
  to: string;
}

/**
 * Gives the user the new address. The token works once, because it names the address that it replaces, and the username is compared and
 * set. It is taken at the very end: after an outage, or if the process was killed, the same request finishes the rest.
 * @param userId of the user who is logged in where the link was opened
 * @throws AuthError ONE_TIME_TOKEN_INVALID, also for the link of another user, and if another user has got the address; SERVICE_UNAVAILABLE
 */
export async function confirmChange(
  services: EmailServices,
  userId: string,
  token: string,
  asker: EmailAsker,
): Promise<void> {
  const { config, events, limits, links, mails, proofs, sessions } = services;
  const found = await links.find('email-change', token);
  const refuse = () => tokenRefused(services, 'email-change', asker.origin, found?.subject);
  const { from = '', to = '', sessionId = '', password } = found ? dataOf<ChangeData>(found) : {};
  const user = found?.subject === userId ? activeUser(await config.users.findById(userId)) : undefined;
  if (!user || password !== nameOfPassword(user)) throw refuse();
  const isDone = usernameKey(user.username) === usernameKey(to);
  if (!isDone && user.username !== from) throw refuse();
  // A user who ends a thief's session ends with it what the thief has asked for.
  if (!isDone && !(await sessions.find(user.id, sessionId))) throw refuse();
  if (!isDone && !(await isFree(services, to, user.id))) throw refuse();
  const undo = await keepFormer(services, user.id, from, token);
  const renamed = isDone ? 'before' : await rename(services, user, to, { password, sessionId });
  if (!renamed) throw refuse();
  await proofs.prove({ ...user, username: to });
  const loggedIn = await config.refreshTokens.list(user.id);
  await limits.renamed(
    from,
    to,
    loggedIn.map(({ ip }) => ip),
  );
  // Mails to the old address could still reset the password.
  await links.endAll(user.id, { except: ['email-change'] });
  let isFirst = false;
  try {
    isFirst = (await links.take('email-change', token)) !== undefined;
  } finally {
    // Sent twice, the request finds nothing left to do. The one that renames tells the owner even if it finds no token: a thief can
    // replace it meanwhile, by asking for another change, and in an outage it may be gone.
    if (renamed === 'now' || (renamed === 'before' && isFirst)) {
      events.announce('emailChanged', () => ({ userId: user.id, ...asker.origin }));
      if (undo) mails.send({ kind: 'email-changed', to: from, userId: user.id, ...undo }, asker);
    }
  }
}

/**
 * Reserves the old address, and makes the link that puts it back. The link's token follows from the token of the change, so the same
 * request, sent twice at once, makes the same link.
 * @returns undefined for a username that is no address, and so gets no mail
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

/** @returns how the user has got the new address: by this request, or by the same one at this moment. Undefined if in no way */
async function rename(
  { config: { users }, proofs, sessions }: EmailServices,
  user: StoredUser,
  to: string,
  { password, sessionId }: Pick<ChangeData, 'password' | 'sessionId'>,
): Promise<'now' | 'meanwhile' | undefined> {
  try {
    if (await users.updateUsername?.(user.id, to, user.username)) {
      // Read again: a reset at this moment, by the old address, would hold for the account with the new one. The session that asked may
      // have ended at this moment, too.
      const current = await users.findById(user.id);
      const isAllowed = current && nameOfPassword(current) === password;
      if (isAllowed && (await sessions.find(user.id, sessionId))) return 'now';
      if (await users.updateUsername?.(user.id, user.username, to)) await proofs.restored(user);
      return undefined;
    }
  } catch (error) {
    if (isAuthError(error, 'USERNAME_TAKEN')) return undefined;
    throw error;
  }
  const current = await users.findById(user.id);
  const hasIt = current !== undefined && usernameKey(current.username) === usernameKey(to);
  return hasIt ? 'meanwhile' : undefined;
}
