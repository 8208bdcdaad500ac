import { serviceUnavailable } from '../../errors.js';
import { isBrowser } from '../../http/is-browser.js';
import { newSecret } from '../../http/new-secret.js';
import { finishChange, withMark } from '../../stores/unfinished-change.js';
import type { StoredUser } from '../../stores/user-store.js';
import type { EmailAsker } from './mail-requests.js';
import type { EmailServices } from './services.js';
import { unlinkIdentities } from './unlink-identities.js';

/**
 * Marks the address as proved for someone who has used a link or a code of a mail to it, and has proved nothing else. Another person
 * may have registered the account. So if the first such proof comes from another browser than the one that registered, it removes what
 * was there before: the password, all sessions, linked identities, and what features keep, such as second factors. After a crash
 * in the middle the address isn't proved yet, so the same request removes the rest.
 * @param how `'reset'`: the caller has set a new password and ended all sessions. `'login'`: this ends all sessions, and sets a
 * password that no one knows
 * @returns the user as stored now: start the session with this one
 */
export async function proveMailbox(
  services: EmailServices,
  user: StoredUser,
  asker: Pick<EmailAsker, 'origin' | 'secrets'>,
  how: 'reset' | 'login',
): Promise<StoredUser> {
  const { credentials, events, links, proofs, reserved } = services;
  if (await proofs.isProved(user)) return user;
  const prove = async (proved: StoredUser): Promise<StoredUser> => {
    await proofs.prove(proved);
    events.announce('emailVerified', () => ({ userId: proved.id, ...asker.origin }));
    return proved;
  };
  if (isBrowser(asker.secrets, (await proofs.registrationOf(user))?.browser)) return prove(user);
  const current = how === 'reset' ? user : await withoutPassword(services, user, asker);
  // First: what the stranger has begun could otherwise bring back what is removed.
  await links.endElsewhere(user.id);
  await unlinkIdentities(services, user.id);
  const kept = await reserved.listOf(user.id);
  await credentials.removeAll(user.id, { except: kept.map(({ id }) => id) });
  return prove(current);
}

/** The compare-and-set fails if the password changes at the same moment. */
const MAX_TRIES = 5;

/** Gives the user a password that no one knows, and ends every session. */
async function withoutPassword(
  { config: { users }, passwords, sessions }: EmailServices,
  user: StoredUser,
  { origin }: Pick<EmailAsker, 'origin'>,
): Promise<StoredUser> {
  const passwordHash = withMark(await passwords.hash(newSecret(), { ...origin, userId: user.id }));
  let current: StoredUser | undefined = user;
  for (let tries = 0; current && tries < MAX_TRIES; tries += 1) {
    if (await users.updatePasswordHash(user.id, passwordHash, current.passwordHash)) {
      await sessions.revokeAll(user.id, {}, 'password-changed', origin);
      return (await finishChange(users, { ...current, passwordHash })) ?? { ...current, passwordHash };
    }
    current = await users.findById(user.id);
  }
  throw serviceUnavailable(new Error('The password changed at the same moment, again and again'));
}
