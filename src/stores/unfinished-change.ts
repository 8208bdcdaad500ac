import type { StoredUser, UserStore } from './user-store.js';

/**
 * A new password takes two servers: the hash in the user store, then the end of all sessions in the session store. A process may be
 * killed in between. So the new hash is stored with a mark, in the same statement, and loses it when the sessions have ended. While
 * the mark is there, no session of the user is refreshed, and the next login ends them all.
 *
 * The mark takes the place of the first `$`, so it fits every column that the hash fits. No scheme has a `~` there. Hashes of another
 * form, which only a hasher of the app's own makes, get no mark.
 */
const HASH = /^([\w{}-]*)\$([\w-]+\$)/;
const MARKED_HASH = /^([\w{}-]*)~([\w-]+\$)/;

export function withMark(hash: string): string {
  return hash.replace(HASH, '$1~$2');
}

export function withoutMark(hash: string): string {
  return hash.replace(MARKED_HASH, '$1$$$2');
}

/** Whether a change of the password to this hash has not ended the sessions yet. */
export function isMarked(hash: string | null): hash is string {
  return hash !== null && MARKED_HASH.test(hash);
}

/** Takes the mark away. @returns the user as stored now; undefined when the hash has changed meanwhile */
export async function finishChange(users: UserStore, user: StoredUser): Promise<StoredUser | undefined> {
  if (!isMarked(user.passwordHash)) return user;
  const passwordHash = withoutMark(user.passwordHash);
  const isFinished = await users.updatePasswordHash(user.id, passwordHash, user.passwordHash);
  return isFinished ? { ...user, passwordHash } : undefined;
}
