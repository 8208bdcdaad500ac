import type { CompleteLoginOptions } from '../controllers/complete-login.js';
import type { Auth } from '../auth.js';
import { capturedLogin, type LoggedIn } from './captured-login.js';
import { testUser, type TestUser } from './test-user.js';

/** The options of `loginAs`. */
export interface LoginAsOptions extends Omit<CompleteLoginOptions, 'redirectTo' | 'transport'> {
  /** When the user proved who they are, for tests of `freshWithin`. It must not be in the future. Default: now. */
  authTime?: Date;
  /** The IP address that the session keeps. Default: `'127.0.0.1'`. */
  ip?: string;
  /** The `User-Agent` that the session keeps. Default: none. */
  userAgent?: string;
}

/**
 * Logs a user in without a password. It does what `auth.completeLogin()` does after any other proof, so the store has a real
 * session afterwards.
 * @param user a stored user, an id, or `{ username, roles }`; a username that doesn't exist is created with these roles
 * @throws AuthError INVALID_CREDENTIALS for a disabled user, SERVICE_UNAVAILABLE in an outage
 * @throws TypeError for an unknown id, or if the user with that username has other roles
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
