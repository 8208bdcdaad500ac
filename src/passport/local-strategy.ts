import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { AuthError, isAuthError } from '../errors.js';
import type { LoginFailureReason, RequestOrigin } from '../events/auth-events.js';
import { originOf } from '../http/request-origin.js';
import type { Services } from '../controllers/services.js';
import type { StoredUser } from '../stores/user-store.js';

type LocalServices = Pick<Services, 'config' | 'events' | 'limits' | 'passwords'>;

type Verdict = { user: StoredUser } | { userId: string | undefined; reason: LoginFailureReason };

/** passport-local would read the query string too, where a password ends up in logs. */
class BodyOnlyStrategy extends Strategy {
  override authenticate({ body, ip, headers }: Request, options?: object): void {
    super.authenticate({ body: body as unknown, query: {}, ip, headers } as Request, options);
  }
}

/** Registered as `local`: proves a login with username and password, within the limits on attempts, whoever uses it. */
export function createLocalStrategy(services: LocalServices): Strategy {
  const { usernameField, passwordField } = services.config;
  return new BodyOnlyStrategy(
    { usernameField, passwordField, session: false, passReqToCallback: true },
    (req, username: unknown, password: unknown, done) => {
      // Where an app puts the strategy itself, nothing has looked at the body before.
      if (!isText(username) || !isText(password)) {
        done(null, false);
        return;
      }
      const origin = originOf(req);
      const guess = () => judge(services, username, password, origin);
      services.limits.login(origin, username, guess).then(
        (user) => done(null, user as unknown as Express.User),
        (error: unknown) => (isAuthError(error, 'INVALID_CREDENTIALS') ? done(null, false) : done(error)),
      );
    },
  );
}

/** What the router lets pass: no name and no password is anything else, and PostgreSQL could not even be asked for it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}

/** @throws AuthError INVALID_CREDENTIALS */
async function judge(
  services: LocalServices,
  username: string,
  password: string,
  origin: RequestOrigin,
): Promise<StoredUser> {
  const verdict = await verifyCredentials(services, username, password);
  if ('user' in verdict) return verdict.user;
  services.events.announce('loginFailed', () => ({ username, ...verdict, ...origin }));
  throw new AuthError('INVALID_CREDENTIALS');
}

async function verifyCredentials(
  { config: { users }, passwords }: LocalServices,
  username: string,
  password: string,
): Promise<Verdict> {
  const found = await users.findByUsername(username);
  const user = found?.disabled ? undefined : found;
  // Unknown and disabled users take as long as a wrong password does.
  const { matches, needsRehash } = await passwords.verify(password, user?.passwordHash ?? null);
  if (!user) return { userId: found?.id, reason: found ? 'disabled' : 'unknown-user' };
  if (!matches) return { userId: user.id, reason: 'wrong-password' };
  if (!needsRehash) return { user };

  const passwordHash = await passwords.hash(password);
  if (await users.updatePasswordHash(user.id, passwordHash, user.passwordHash))
    return { user: { ...user, passwordHash } };
  // Another login has made the hash anew, or somebody has just changed the password: what is stored now decides.
  const current = await users.findById(user.id);
  if (!current || current.disabled) return { userId: user.id, reason: current ? 'disabled' : 'unknown-user' };
  const verified = await passwords.verify(password, current.passwordHash);
  return verified.matches ? { user: current } : { userId: user.id, reason: 'password-changed' };
}
