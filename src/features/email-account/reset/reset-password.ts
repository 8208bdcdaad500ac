import { assertIsNotUsername } from '../../../accounts/new-password.js';
import { AuthError, isAuthError } from '../../../errors.js';
import type { RequestOrigin } from '../../../events/auth-event.js';
import { newSecret } from '../../../http/new-secret.js';
import { nameOfPassword } from '../../../stores/name-of-password.js';
import { finishChange, withMark } from '../../../stores/unfinished-change.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { usernameKey } from '../../../utils/username.js';
import type { EmailAsker } from '../mail-requests.js';
import { dataOf } from '../one-time-links.js';
import { proveMailbox } from '../prove-mailbox.js';
import { tokenRefused, type EmailServices } from '../services.js';
import type { ResetData } from './ask-reset.js';

export interface PasswordReset {
  token: string;
  newPassword: string;
}

/** A change at the same moment makes the compare-and-set fail. It can't happen again and again: this token is good for one change. */
const MAX_TRIES = 3;

/**
 * Sets a new password, and ends all that the old one has begun. It logs no one in.
 *
 * What makes the token good once is the compare-and-set of the password: the token names the password it replaces. It is deleted at
 * the very end, so what an outage or a killed process has left, the same request again finishes. Until then the mark on the new hash
 * keeps every older session from being refreshed.
 * @throws AuthError ONE_TIME_TOKEN_INVALID, VALIDATION_FAILED, TOO_MANY_ATTEMPTS, SERVICE_UNAVAILABLE
 */
export async function resetPassword(
  services: EmailServices,
  reset: PasswordReset,
  asker: EmailAsker,
): Promise<void> {
  const { events, links, mails, sessions } = services;
  const { origin } = asker;
  const { user, isSetNow } = await storeNewPassword(services, reset, origin);
  await sessions.revokeAll(user.id, {}, 'password-reset', origin);
  await finishChange(services.config.users, user);
  await proveMailbox(services, user, asker, 'reset');
  await links.endAll(user.id, { except: ['password-reset'] });
  let isFirst = false;
  try {
    isFirst = (await links.take('password-reset', reset.token)) !== undefined;
  } finally {
    // Sent twice, the request finds nothing left to do. The one that sets the password tells the user even if it finds no token: anyone
    // can replace it meanwhile, by asking for another mail, and in an outage it may be gone.
    // Where the same request at this moment takes the token first, both tell: twice is better than not at all.
    if (isFirst || isSetNow) {
      events.announce('passwordReset', () => ({ userId: user.id, ...origin }));
      mails.send({ kind: 'password-changed', to: user.username, userId: user.id }, asker);
    }
  }
}

/** @returns the user with the new password, and whether this request has set it, or the same one before */
async function storeNewPassword(
  services: EmailServices,
  { token, newPassword }: PasswordReset,
  origin: RequestOrigin,
): Promise<{ user: StoredUser; isSetNow: boolean }> {
  const { config, links, passwords } = services;
  let userId: string | undefined;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const link = await links.find('password-reset', token);
    userId = link?.subject;
    const user = link && activeUser(await config.users.findById(link.subject));
    if (!user) break;
    const { address, password } = dataOf<ResetData>(link);
    if (address !== usernameKey(user.username)) break;
    if (password !== nameOfPassword(user)) {
      if (await isPasswordOf(services, user, newPassword, origin)) return { user, isSetNow: false };
      break;
    }
    assertIsNotUsername(newPassword, user.username);
    const passwordHash = withMark(await passwords.hash(newPassword, { ...origin, userId: user.id }));
    if (!(await config.users.updatePasswordHash(user.id, passwordHash, user.passwordHash))) continue;
    if (await keepsAddress(services, user, passwordHash, origin))
      return { user: { ...user, passwordHash }, isSetNow: true };
    break;
  }
  throw tokenRefused(services, 'password-reset', origin, userId);
}

/**
 * Reads the address again, now that the new password is stored. A change of the address reads the password again when the new address is
 * stored. So of both at once, at least one sees the other, and takes back what it has done.
 * @returns false for a user with another address, whose password is the one from before
 */
async function keepsAddress(
  { config: { users }, passwords }: EmailServices,
  { id, username, passwordHash: previous }: StoredUser,
  passwordHash: string,
  origin: RequestOrigin,
): Promise<boolean> {
  const current = await users.findById(id);
  if (current && usernameKey(current.username) === usernameKey(username)) return true;
  // A user who had no password gets one that no one knows: no store can take a password away.
  const before = previous ?? (await passwords.hash(newSecret(), { ...origin, userId: id }));
  await users.updatePasswordHash(id, before, passwordHash);
  return false;
}

/** Counts as an attempt at the password, because the token of a reset must not be a way to guess it. */
async function isPasswordOf(
  { limits, passwords }: EmailServices,
  user: StoredUser,
  password: string,
  origin: RequestOrigin,
): Promise<boolean> {
  const requester = { ...origin, userId: user.id };
  try {
    await limits.password(requester, user, async () => {
      const { matches } = await passwords.verify(password, user.passwordHash, requester);
      if (!matches) throw new AuthError('INVALID_CREDENTIALS');
    });
    return true;
  } catch (error) {
    if (isAuthError(error, 'INVALID_CREDENTIALS')) return false;
    throw error;
  }
}
