import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Auth } from '../auth.js';
import type { StartSessionOptions } from '../controllers/start-session.js';
import type { PublicUser } from '../stores/public-user.js';
import { kindOf } from '../utils/option-words.js';
import { checkNames } from '../utils/parse-call.js';
import { testUser, type TestUser } from './test-user.js';

/** A logged-in user, with what you need to send requests as that user. */
export interface LoggedIn {
  /** For `.set('Cookie', ann.cookie)`: both tokens, with the cookie names of the Auth. */
  readonly cookie: string;
  /** The same as an object, for `.set(ann.headers)` or `fetch`. */
  readonly headers: { readonly Cookie: string };
  /** For `.set('Authorization', ann.bearer)`. */
  readonly bearer: `Bearer ${string}`;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The user as in the answer of a login. */
  readonly user: PublicUser;
  readonly sessionId: string;
}

/** The options of `loginAs`. An `authTime`, for tests of `freshWithin`, must not be in the future. */
export interface LoginAsOptions extends Omit<StartSessionOptions, 'transport'> {
  /** The IP address that the session keeps. Default: `'127.0.0.1'`. */
  ip?: string;
  /** The `User-Agent` that the session keeps. Default: none. */
  userAgent?: string;
}

const OPTIONS: readonly (keyof LoginAsOptions)[] = [
  ...(['acceptMfa', 'amr', 'authTime', 'ip', 'remember', 'userAgent'] as const),
];

/**
 * Logs a user in without a password. It does what `auth.startSession()` does after any other proof, so the store has a real
 * session afterwards.
 * @param user a stored user, an id, or `{ username, roles }`; a username that doesn't exist is created with these roles
 * @throws AuthError INVALID_CREDENTIALS for a disabled user, SERVICE_UNAVAILABLE in an outage
 * @throws TypeError for an unknown id or option, or if the user with that username has other roles
 */
export async function loginAs(auth: Auth, user: TestUser, options: LoginAsOptions = {}): Promise<LoggedIn> {
  checkAuth(auth);
  checkNames('loginAs()', OPTIONS, options);
  const { ip = '127.0.0.1', userAgent, ...login } = options;
  const { id } = await testUser(auth, user);
  const [req, res] = exchange(ip, userAgent);
  const {
    accessToken,
    refreshToken,
    sessionId,
    user: loggedIn,
  } = await auth.startSession(req, res, { id }, login);
  const cookie = cookiesOf(res).join('; ');
  return {
    cookie,
    headers: { Cookie: cookie },
    bearer: `Bearer ${accessToken}`,
    accessToken,
    refreshToken,
    user: loggedIn,
    sessionId,
  };
}

/** @throws TypeError: JavaScript has no types, and `loginAs({ username: 'ann' })` reads as if it were enough */
function checkAuth(auth: unknown): void {
  if (typeof (auth as Partial<Auth> | null | undefined)?.startSession === 'function') return;
  throw new TypeError(
    `loginAs() needs the Auth that createAuth or testAuth returned as its first argument, not ${kindOf(auth)}: loginAs(auth, { username: 'ann', roles: ['admin'] })`,
  );
}

/** A request without a network connection, because fake timers would block one. */
function exchange(ip: string, userAgent: string | undefined): [IncomingMessage, ServerResponse] {
  const req = Object.assign(new IncomingMessage(new Socket()), { method: 'POST', url: '/', ip });
  if (userAgent !== undefined) req.headers['user-agent'] = userAgent;
  return [req, new ServerResponse(req)];
}

/** `name=value` of each cookie, as a browser would send it. */
function cookiesOf(res: ServerResponse): string[] {
  return [res.getHeader('set-cookie') ?? []].flat().map((line) => String(line).split(';')[0] ?? '');
}
