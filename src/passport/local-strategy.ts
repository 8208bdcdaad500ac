import type { Request } from 'express';
import { Strategy } from 'passport-local';
import type { AuthConfig } from '../auth-config.js';
import type { StoredUser } from '../stores/user-store.js';
import type { PasswordHasher } from '../utils/password.js';

/** passport-local would read the query string too, where a password ends up in logs. */
class BodyOnlyStrategy extends Strategy {
  override authenticate(req: Request, options?: object): void {
    super.authenticate({ body: req.body as unknown, query: {} } as Request, options);
  }
}

/** Registered as `local`: proves a login with username and password. */
export function createLocalStrategy(config: AuthConfig, passwords: PasswordHasher): Strategy {
  const { usernameField, passwordField } = config;
  return new BodyOnlyStrategy(
    { usernameField, passwordField, session: false },
    (username, password, done) => {
      verifyCredentials(config, passwords, username, password).then(
        (user) => done(null, (user ?? false) as Express.User | false),
        (error: unknown) => done(error),
      );
    },
  );
}

async function verifyCredentials(
  { users }: AuthConfig,
  passwords: PasswordHasher,
  username: string,
  password: string,
): Promise<StoredUser | undefined> {
  const found = await users.findByUsername(username);
  const user = found?.disabled ? undefined : found;
  // Unknown and disabled users take as long as a wrong password does.
  const { matches, needsRehash } = await passwords.verify(password, user?.passwordHash ?? null);
  if (!user || !matches) return undefined;
  if (!needsRehash) return user;

  const passwordHash = await passwords.hash(password);
  if (await users.updatePasswordHash(user.id, passwordHash, user.passwordHash))
    return { ...user, passwordHash };
  // Another login has made the hash anew, or somebody has just changed the password: what is stored now decides.
  const current = await users.findById(user.id);
  if (!current || current.disabled) return undefined;
  return (await passwords.verify(password, current.passwordHash)).matches ? current : undefined;
}
