import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import type { PasskeyData } from '../../stored-passkeys.js';

/** Names the request that registers a passkey: the same again, in the same session and with the same password, finishes what an outage stopped. */
export function pendingName(challenge: string, sessionId: string, user: StoredUser): string {
  return digestOf(`${challenge}\n${digestOf(sessionId)}\n${nameOfPassword(user)}`);
}

/** Whether this request has stored the passkey, no longer ago than a challenge is good. */
export function isPending(
  { pending: name, awaitedUntil = 0 }: Pick<PasskeyData, 'pending' | 'awaitedUntil'>,
  pending: string,
  now: number,
): boolean {
  return name === pending && now < awaitedUntil;
}
