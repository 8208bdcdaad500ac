import { serviceUnavailable } from '../../errors.js';
import { finishChange, withMark } from '../../stores/unfinished-change.js';
import type { StoredUser } from '../../stores/user-store.js';
import { isBrowser } from './browser-secret.js';
import type { Asker } from './mail-requests.js';
import { newSecret } from './new-secret.js';
import type { EmailServices } from './services.js';

/**
 * For a user who has just used a link or a code that was sent to the address, and has proved nothing else. The mailbox is the owner's;
 * who registered the account may be someone else. So the first such proof from another browser than the one that registered wipes what
 * was there before: the password, all sessions, linked identities, and what features keep, such as second factors. A crash on the
 * way leaves the address unproved, so the same request again wipes the rest.
 * @param how `'reset'`: the caller has set a new password and ended all sessions. `'login'`: this does both, and the user has no
 * password that anyone knows
 * @returns the user as stored now: start the session with this one
 */
export async function proveMailbox(
  services: EmailServices,
  user: StoredUser,
  asker: Pick<Asker, 'origin' | 'secrets'>,
  how: 'reset' | 'login',
): Promise<StoredUser> {
  const { credentials, links, proofs, reserved } = services;
  if (await proofs.isProved(user)) return user;
  if (isBrowser(asker.secrets, (await proofs.registrationOf(user))?.browser)) {
    await proofs.prove(user);
    return user;
  }
  const current = how === 'reset' ? user : await withoutPassword(services, user, asker);
  await unlinkIdentities(services, user.id);
  const kept = await reserved.listOf(user.id);
  await credentials.removeAll(user.id, { except: kept.map(({ id }) => id) });
  await links.endElsewhere(user.id);
  await proofs.prove(current);
  return current;
}

/** Another change at the same moment makes the compare-and-set fail. */
const MAX_TRIES = 5;

/** Gives the user a password that no one knows, and ends every session. */
async function withoutPassword(
  { config: { users }, passwords, sessions }: EmailServices,
  user: StoredUser,
  { origin }: Pick<Asker, 'origin'>,
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

async function unlinkIdentities({ config: { users } }: EmailServices, userId: string): Promise<void> {
  const { identities } = users;
  if (!identities) return;
  for (const identity of await identities.listIdentities(userId)) await identities.unlink(userId, identity);
}
