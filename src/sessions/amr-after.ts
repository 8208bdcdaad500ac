import type { Session } from '../stores/refresh-token-store.js';

/** Whether a user has a second factor. Without one, a password proves no more than itself. */
export type HasFactor = (userId: string) => Promise<boolean>;

/**
 * How a session is proved after a new proof. A password leaves it as true as before that the login had a second factor, as long as the
 * user still has one. Every other proof says itself what it is.
 * @param hasFactor of each feature with factors. It is enough that one says yes, and none leaves `mfa` as it is
 * @throws AuthError SERVICE_UNAVAILABLE
 */
export async function amrAfter(
  proof: readonly string[] | undefined,
  { amr = [], userId }: Pick<Session, 'amr' | 'userId'>,
  hasFactor: readonly HasFactor[],
): Promise<readonly string[] | undefined> {
  const isPassword = proof?.length === 1 && proof[0] === 'pwd';
  if (!isPassword || !amr.includes('mfa')) return proof;
  for (const ask of hasFactor) if (await ask(userId)) return ['pwd', 'mfa'];
  return hasFactor.length === 0 ? ['pwd', 'mfa'] : proof;
}
