import type { CompleteLoginOptions } from '../controllers/complete-login.js';
import type { Auth } from '../create-auth.js';
import { capturedLogin, type LoggedIn } from './captured-login.js';
import { testUser, type TestUser } from './test-user.js';

/** What `loginAs` takes beside the user. */
export interface LoginAsOptions extends Omit<CompleteLoginOptions, 'redirectTo' | 'transport'> {
  /** When the user proved who they are, for tests of `freshWithin`; never later than now. Default: now. */
  authTime?: Date;
  /** What the session keeps as its address. Default: `'127.0.0.1'`. */
  ip?: string;
  /** What the session keeps as its `User-Agent`. Default: none. */
  userAgent?: string;
}

/**
 * Logs a user in without a password: what `auth.completeLogin()` does after any other proof, with a real session in the store.
 * @param user a stored user, an id, or `{ username, roles }`, who is created where nobody has that name
 * @throws AuthError INVALID_CREDENTIALS for a disabled user, SERVICE_UNAVAILABLE in an outage
 * @throws TypeError for an unknown id, or when the user who has that name has other roles
 */
export async function loginAs(auth: Auth, user: TestUser, options: LoginAsOptions = {}): Promise<LoggedIn> {
  const { ip = '127.0.0.1', userAgent, authTime, ...completeOptions } = options;
  const { id } = await testUser(auth, user);
  const { cookie, accessToken, refreshToken, body } = await capturedLogin(
    auth.completeLogin(completeOptions),
    { id, ip, userAgent, authTime },
  );
  return {
    cookie,
    headers: { Cookie: cookie },
    bearer: `Bearer ${accessToken}`,
    accessToken,
    refreshToken,
    user: body.user,
    sessionId: sessionIdOf(accessToken),
  };
}

function sessionIdOf(token: string): string {
  const payload = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
    sid: string;
  };
  return payload.sid;
}
