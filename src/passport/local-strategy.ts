import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { AuthError } from '../errors.js';
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
  const user = await users.findByUsername(username);
  // Unknown and disabled users take as long as a wrong password does.
  const { matches, needsRehash } = await passwords.verify(password, user?.passwordHash ?? null);
  if (!user || user.disabled || !matches) return undefined;
  if (needsRehash) await rehash(user);
  return user;

  /** The login is good without it, and the next one will try again. */
  async function rehash({ id, passwordHash }: StoredUser): Promise<void> {
    try {
      await users.updatePasswordHash(id, await passwords.hash(password), passwordHash);
    } catch (error) {
      if (!(error instanceof AuthError && error.code === 'SERVICE_UNAVAILABLE')) throw error;
    }
  }
}
