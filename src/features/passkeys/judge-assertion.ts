import type { RequestOrigin } from '../../events/auth-event.js';
import { digestOf } from '../../utils/digest.js';
import { userHandleOf } from './user-handle.js';
import type { PasskeyServices } from './services.js';
import type { LastAnswer, Passkey } from '../stored-passkeys.js';
import type { Assertion } from './webauthn.js';

type JudgingServices = Pick<PasskeyServices, 'config' | 'events' | 'options' | 'passkeys' | 'webauthn'>;

/** What a browser returned, and the challenge that it says it has answered. */
export interface Answer {
  readonly credential: object;
  readonly challenge: string;
}

/**
 * Whether this passkey has answered the challenge. Changes nothing.
 * @param mayLackUser whether the server knew who the user is, so an authenticator need not say it
 */
export async function judgeAssertion(
  { webauthn }: JudgingServices,
  { credential, challenge }: Answer,
  passkey: Passkey,
  { mayLackUser }: { readonly mayLackUser: boolean },
): Promise<Assertion | undefined> {
  const { userHandle } = (credential as { response: { userHandle?: unknown } }).response;
  const isLacking = userHandle === undefined || userHandle === null || userHandle === '';
  if (isLacking ? !mayLackUser : userHandle !== userHandleOf(passkey.userId)) return undefined;
  const assertion = await webauthn.verifyAssertion(credential, challenge, {
    ...passkey.data,
    id: passkey.id,
  });
  // WebAuthn §7.2: whether a passkey may be on several devices never changes.
  return assertion?.backupEligible === passkey.data.backupEligible ? assertion : undefined;
}

/**
 * Keeps what a right answer says: the counter, and whether the passkey is backed up.
 * @param by names what the answer is for
 * @returns false if the passkey is gone, or if its counter went back and the option `counter` refuses that
 */
export async function useAssertion(
  { config, events, options, passkeys }: JudgingServices,
  { userId, id }: Passkey,
  { challenge, assertion, by }: { challenge: string; assertion: Assertion; by: string },
  origin: RequestOrigin,
): Promise<boolean> {
  await config.timeKnown();
  const last: LastAnswer = { challenge: digestOf(challenge), by };
  const { counter: received, backedUp } = assertion;
  /** The counter in the store, where that of the answer is behind it. */
  let ahead: number | undefined;
  const refuses = options.counter === 'refuse';
  const changed = await passkeys.change(userId, id, (data) => {
    ahead = undefined;
    // The same answer at the same moment, which one of them will win.
    const isRepeated = data.last?.challenge === last.challenge;
    if (!isRepeated && wentBack(data.counter, received)) {
      ahead = data.counter;
      if (refuses) return undefined;
    }
    return { ...data, counter: Math.max(data.counter, received), backedUp, last, lastUsedAt: config.now() };
  });
  if (!changed) return false;
  if (ahead === undefined) return true;
  const regressed = { userId, passkeyId: id, stored: ahead, received, refused: refuses };
  events.announce('passkeyCounterRegressed', () => ({ ...regressed, ...origin }));
  return !refuses;
}

/** WebAuthn §6.1.1: each use counts up. Passkeys that don't count always say 0. */
function wentBack(stored: number, received: number): boolean {
  return (stored > 0 || received > 0) && received <= stored;
}

/** As RFC 8176 says it: on one device, or synced between several. */
export function methodOf({ data }: Pick<Passkey, 'data'>): 'hwk' | 'swk' {
  return data.backupEligible ? 'swk' : 'hwk';
}
