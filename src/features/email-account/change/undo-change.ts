import { isAuthError, serviceUnavailable } from '../../../errors.js';
import { finishChange, withMark } from '../../../stores/unfinished-change.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { usernameKey } from '../../../utils/username.js';
import type { EmailAsker } from '../mail-requests.js';
import { dataOf } from '../one-time-links.js';
import { proveMailbox } from '../prove-mailbox.js';
import { repeatableSecret } from '../repeatable-secret.js';
import { sendReset } from '../reset/ask-reset.js';
import { tokenRefused, type EmailServices } from '../services.js';
import { unlinkIdentities } from '../unlink-identities.js';
import type { UndoData } from './confirm-change.js';

/** A compare-and-set fails if the user changes at the same moment. */
const MAX_TRIES = 5;

/**
 * Puts an old address back. A thief may have changed it, may know the password, and may have linked an account at an identity
 * provider. So the password becomes one that no one knows, every session ends, no account of a provider stays linked, and a mail to
 * the old address lets its owner choose a new password. The token is taken at the very end: after an outage, or if the process was
 * killed, the same request finishes the rest.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export async function undoChange(services: EmailServices, token: string, asker: EmailAsker): Promise<void> {
  const { config, events, links, proofs, reserved, sessions } = services;
  const { origin } = asker;
  const found = await links.find('email-undo', token);
  const refuse = () => tokenRefused(services, 'email-undo', origin, found?.subject);
  const { to = '' } = found ? dataOf<UndoData>(found) : {};
  const user = found && activeUser(await config.users.findById(found.subject));
  if (!user || !(await restoreKeptAddress(services, user.id, to))) throw refuse();
  const restored = await lockPassword(services, user.id, token, asker);
  await sessions.revokeAll(user.id, {}, 'address-restored', origin);
  // Again: a login by one of them may have come in between.
  if (await unlinkIdentities(services, user.id))
    await sessions.revokeAll(user.id, {}, 'address-restored', origin);
  const finished = await finishChange(config.users, restored);
  await links.endAll(user.id);
  await reserved.releaseLater(user.id, to);
  // Again, because a change may have been confirmed meanwhile. No other can follow: their links have ended.
  if (!(await restoreKeptAddress(services, user.id, to))) throw refuse();
  // An address that was never proved may have been another person's before, as that of a first reset.
  await proveMailbox(services, { ...(finished ?? restored), username: to }, asker, 'reset');
  await proofs.restored({ id: user.id, username: to });
  const isFirst = await links.take('email-undo', token);
  // Sent twice, the request finds nothing left to do.
  if (!isFirst) return;
  events.announce('emailChangeUndone', () => ({ userId: user.id, ...origin }));
  const current = activeUser(await config.users.findById(user.id));
  if (current) await sendReset(services, current, asker);
}

/**
 * Restores the address unless an older change is undone at this moment, which has the last word: it releases this address first, and
 * looks at the name afterwards. So a rename that comes too late for it is seen here.
 * @returns false where the user may not have the address back
 */
async function restoreKeptAddress(services: EmailServices, userId: string, to: string): Promise<boolean> {
  const { config, proofs, reserved } = services;
  if (!(await reserved.isKeptFor(userId, to))) return false;
  const before = await restoreAddress(services, userId, to);
  if (before === undefined) return false;
  if (await reserved.isKeptFor(userId, to)) return true;
  if (usernameKey(before) !== usernameKey(to) && (await config.users.updateUsername?.(userId, before, to)))
    await proofs.restored({ id: userId, username: before });
  return false;
}

/** @returns the name before; undefined where another user has the address */
async function restoreAddress(
  { config: { users } }: EmailServices,
  userId: string,
  to: string,
): Promise<string | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const user = await users.findById(userId);
    if (!user) return undefined;
    if (usernameKey(user.username) === usernameKey(to)) return user.username;
    try {
      if (await users.updateUsername?.(userId, to, user.username)) return user.username;
    } catch (error) {
      if (isAuthError(error, 'USERNAME_TAKEN')) return undefined;
      throw error;
    }
  }
  throw again();
}

/**
 * Sets a password that no one knows, unless the user has none. It follows from the token, so the same request, sent again, finds that
 * it has been set.
 * @returns the user, whose sessions can't be refreshed until `finishChange`
 */
async function lockPassword(
  { config: { users }, passwords, sealer }: EmailServices,
  userId: string,
  token: string,
  { origin }: EmailAsker,
): Promise<StoredUser> {
  const unknown = repeatableSecret(sealer, 'address-restored', token);
  const requester = { ...origin, userId };
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const user = await users.findById(userId);
    if (!user) break;
    if (user.passwordHash === null) return user;
    if ((await passwords.verify(unknown, user.passwordHash, requester)).matches) return user;
    const passwordHash = withMark(await passwords.hash(unknown, requester));
    if (await users.updatePasswordHash(userId, passwordHash, user.passwordHash))
      return { ...user, passwordHash };
  }
  throw again();
}

function again() {
  return serviceUnavailable(new Error('The user changed at the same moment, again and again'));
}
