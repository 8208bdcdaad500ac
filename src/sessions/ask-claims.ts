import { isAuthError, serviceUnavailable } from '../errors.js';
import { CALL_TIMES } from '../stores/call-times.js';
import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import { readAppClaims, type AppClaims } from '../tokens/app-claims.js';
import { isPromise } from '../utils/is-promise.js';
import { reasonOf } from '../utils/reason-of.js';
import { withinTime } from '../utils/within-time.js';

/** Whose claims are asked for: the stored user, without the password hash. A frozen copy. */
export type ClaimsUser = Readonly<Omit<StoredUser, 'passwordHash' | 'roles'>> & {
  readonly roles: readonly string[];
};

/** The session whose access token gets the claims. A frozen copy. */
export interface ClaimsSession {
  readonly sessionId: string;
  /** When the user proved who they are. */
  readonly authTime: Date;
  /** How the user proved it, if the login said so (RFC 8176). */
  readonly amr?: readonly string[] | undefined;
}

/** The option `accessToken.claims`, whatever types the app has registered. */
export type ClaimsSource = (user: ClaimsUser, session: ClaimsSession) => unknown;

/**
 * Asks the app for the further claims of an access token.
 * @throws AuthError SERVICE_UNAVAILABLE if the app's function fails, or takes longer than a second
 * @throws TypeError that names the claim and the cure, for what no token can carry
 */
export async function askClaims(
  source: ClaimsSource,
  { passwordHash: _secret, ...user }: StoredUser,
  { sessionId, authTime, amr }: Pick<Session, 'sessionId' | 'authTime' | 'amr'>,
): Promise<AppClaims> {
  const asked = Object.freeze({ ...user, roles: Object.freeze([...user.roles]) });
  const session = { sessionId, authTime: new Date(authTime), ...(amr && { amr: Object.freeze([...amr]) }) };
  return readAppClaims(await answerInTime(() => source(asked, Object.freeze(session))));
}

/** Every error of the function counts as an outage: `fetch` throws a TypeError when the network is down. */
async function answerInTime(ask: () => unknown): Promise<unknown> {
  const { timeout } = CALL_TIMES;
  try {
    const answer = ask();
    if (!isPromise(answer)) return answer;
    return await withinTime(answer, timeout, () => new Error(`no answer within ${timeout} ms`));
  } catch (error) {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) throw error;
    throw serviceUnavailable(failure(error));
  }
}

/** Its message is what a warning shows. A log of the whole error shows what the app has thrown too. */
function failure(thrown: unknown): Error {
  return Object.assign(new Error(`accessToken.claims failed: ${reasonOf(thrown)}`), { thrown });
}
