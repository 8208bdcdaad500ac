import { setTimeout as pause } from 'node:timers/promises';
import { CALL_TIMES } from './call-times.js';
import { activeUser, type StoredUser, type UserStore } from './user-store.js';

/**
 * A new password takes two servers: the hash in the user store, then the end of all sessions in the session store. A process may be
 * killed in between. So the new hash is stored with a mark, in the same statement, and loses it when the sessions have ended. Anyone
 * who finds the mark waits until it has gone. If it stays, the process was killed: then no session of the user is refreshed, and the
 * next login ends them all.
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

const POLL_MS = 50;

/**
 * Waits until a change that another request is making has ended: all its sessions have, or an outage brought the old password back.
 * @param found as just read
 * @returns the active user as stored now. With the mark, if the process of the change was killed
 */
export async function afterChange(
  users: UserStore,
  found: StoredUser | undefined,
): Promise<StoredUser | undefined> {
  const user = activeUser(found);
  if (!user || !isMarked(user.passwordHash)) return user;
  await endOfChange(users, user.id, user.passwordHash);
  return activeUser(await users.findById(user.id));
}

/** By store: the changes that requests wait for, by user and hash. */
const awaited = new WeakMap<UserStore, Map<string, Promise<void>>>();

/** Resolves when the mark has gone, or has stayed too long. Many requests of one user ask the store as often as one does. */
function endOfChange(users: UserStore, userId: string, markedHash: string): Promise<void> {
  const ofStore = awaited.get(users) ?? new Map<string, Promise<void>>();
  awaited.set(users, ofStore);
  const key = `${markedHash} ${userId}`;
  const ending = ofStore.get(key) ?? untilUnmarked(users, userId).finally(() => ofStore.delete(key));
  ofStore.set(key, ending);
  return ending;
}

async function untilUnmarked(users: UserStore, userId: string): Promise<void> {
  const giveUpAt = performance.now() + CALL_TIMES.passwordChange;
  let isUnfinished = true;
  while (isUnfinished && performance.now() < giveUpAt) {
    await pause(POLL_MS);
    isUnfinished = isMarked(activeUser(await users.findById(userId))?.passwordHash ?? null);
  }
}

/** Takes the mark away. @returns the user as stored now; undefined when the hash has changed meanwhile */
export async function finishChange(users: UserStore, user: StoredUser): Promise<StoredUser | undefined> {
  if (!isMarked(user.passwordHash)) return user;
  const passwordHash = withoutMark(user.passwordHash);
  const isFinished = await users.updatePasswordHash(user.id, passwordHash, user.passwordHash);
  return isFinished ? { ...user, passwordHash } : undefined;
}
