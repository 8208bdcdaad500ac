import { nameOfPassword } from '../../../stores/name-of-password.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import type { FactorSet } from '../../factor-set.js';
import { PASSKEY, toPasskey, type Passkey } from '../../stored-passkeys.js';
import { CHALLENGE_SECONDS } from '../challenges.js';

/** Names the request that registers a passkey: the same again, in the same session and with the same password, finishes what an outage stopped. */
export function pendingName(challenge: string, sessionId: string, user: StoredUser): string {
  return digestOf(`${challenge}\n${digestOf(sessionId)}\n${nameOfPassword(user)}`);
}

/** Whether this request has stored the passkey, no longer ago than a challenge is good. */
export function isPending(
  { createdAt, data }: Pick<Passkey, 'createdAt' | 'data'>,
  pending: string,
  now: number,
): boolean {
  return data.pending === pending && !isOver(createdAt, now);
}

/** Passkeys whose registration was stopped, and can't be finished any more. */
export function abandonedIn({ others }: Pick<FactorSet, 'others'>, now: number): Passkey[] {
  return others
    .filter(({ kind }) => kind === PASSKEY)
    .map(toPasskey)
    .filter(({ createdAt, data }) => data.pending !== undefined && isOver(createdAt, now));
}

function isOver(createdAt: Date, now: number): boolean {
  return now - createdAt.getTime() >= CHALLENGE_SECONDS * 1000;
}
