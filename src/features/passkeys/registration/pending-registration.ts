import { digestOf } from '../../../utils/digest.js';
import type { PasskeyData } from '../../stored-passkeys.js';

/**
 * Names the request that registers a passkey: the same again, by the same enroller, finishes what an outage stopped.
 * @param enroller see `nameOfEnroller`
 */
export function pendingName(challenge: string, enroller: string): string {
  return digestOf(`${challenge}\n${enroller}`);
}

/** Whether this request has stored the passkey, no longer ago than a challenge is good. */
export function isPending(
  { pending: name, awaitedUntil = 0 }: Pick<PasskeyData, 'pending' | 'awaitedUntil'>,
  pending: string,
  now: number,
): boolean {
  return name === pending && now < awaitedUntil;
}
