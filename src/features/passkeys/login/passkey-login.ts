import { AuthError, isAuthError } from '../../../errors.js';
import type { RequestOrigin } from '../../../events/auth-event.js';
import type { ShownSecrets } from '../../../http/browser-secret.js';
import type { BeforeSession, CheckedLogin } from '../../../sessions/start-session.js';
import { activeUser, type StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import type { Asker } from '../../asker.js';
import { MultiFactorLogin } from '../../multi-factor-login.js';
import { judgeAssertion, methodOf, useAssertion } from '../judge-assertion.js';
import type { PasskeyServices } from '../services.js';

/** A login that a passkey has proved. */
export class PasskeyLogin extends MultiFactorLogin {
  readonly #userId: string;
  readonly #passkeyId: string;
  readonly #challenge: string;

  constructor(userId: string, passkeyId: string, challenge: string) {
    super();
    this.#userId = userId;
    this.#passkeyId = passkeyId;
    this.#challenge = challenge;
  }

  isOf(user: StoredUser): boolean {
    return this.#userId === user.id;
  }

  /**
   * Called when the session is stored, so an outage before leaves the challenge usable. A passkey that has been removed since either ended
   * that session, or is noticed here. Of parallel logins with one challenge, one goes on.
   * @throws AuthError INVALID_PASSKEY
   */
  async confirm(services: PasskeyServices, { origin }: CheckedLogin): Promise<void> {
    const { challenges, passkeys } = services;
    const isThere = (await passkeys.of(this.#userId)).some(({ id }) => id === this.#passkeyId);
    if (!isThere || !(await challenges.take('passkey', this.#challenge)))
      throw refused(services, this.#userId, origin);
  }
}

/** Confirms the logins of this feature. It has nothing to say about others. */
export function createLoginCheck(services: PasskeyServices): BeforeSession {
  return async function confirmPasskeyLogin(_user, login) {
    const { isStored, passed } = login;
    if (isStored && passed instanceof PasskeyLogin) await passed.confirm(services, login);
  };
}

export interface ProvedPasskey {
  readonly user: StoredUser;
  readonly method: 'hwk' | 'swk';
  readonly passed: PasskeyLogin;
}

/** @throws AuthError INVALID_PASSKEY, SERVICE_UNAVAILABLE */
export async function provePasskey(
  services: PasskeyServices,
  credential: object,
  shown: ShownSecrets,
  { origin }: Asker,
): Promise<ProvedPasskey> {
  const { challenges, tries, webauthn } = services;
  const challenge = webauthn.challengeIn(credential);
  const asked = challenge === undefined ? undefined : await challenges.find('passkey', challenge, shown);
  if (challenge === undefined || !asked) throw refused(services, undefined, origin);
  try {
    return await tries.count(digestOf(challenge), origin, () =>
      judge(services, { credential, challenge }, asked.userId, origin),
    );
  } catch (error) {
    // Too many answers to this challenge. Another one is judged as ever.
    if (isAuthError(error, 'TOO_MANY_ATTEMPTS')) throw new AuthError('INVALID_PASSKEY');
    throw error;
  }
}

/** @param expected the user whose name was typed; undefined where none was; null for one without passkeys */
async function judge(
  services: PasskeyServices,
  answer: { credential: object; challenge: string },
  expected: string | null | undefined,
  origin: RequestOrigin,
): Promise<ProvedPasskey> {
  const { config, passkeys } = services;
  const passkey = await passkeys.find((answer.credential as { id: string }).id);
  const isExpected = expected === undefined || expected === passkey?.userId;
  if (!passkey || !isExpected) throw refused(services, undefined, origin);
  const user = activeUser(await config.users.findById(passkey.userId));
  const mayLackUser = expected !== undefined;
  const assertion = user && (await judgeAssertion(services, answer, passkey, { mayLackUser }));
  if (!assertion) throw refused(services, passkey.userId, origin);
  const { challenge } = answer;
  if (!(await useAssertion(services, passkey, { challenge, assertion, by: 'login' }, origin)))
    throw refused(services, passkey.userId, origin);
  return { user, method: methodOf(passkey), passed: new PasskeyLogin(user.id, passkey.id, challenge) };
}

function refused(
  { events }: Pick<PasskeyServices, 'events'>,
  userId: string | undefined,
  origin: RequestOrigin,
): AuthError {
  events.announce('loginFailed', () => ({
    username: undefined,
    userId,
    reason: 'invalid-passkey',
    ...origin,
  }));
  return new AuthError('INVALID_PASSKEY');
}
