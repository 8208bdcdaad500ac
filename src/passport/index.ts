import type { Request, Response } from 'express';
import { Passport, type Authenticator } from 'passport';
import { AuthError } from '../errors.js';
import type { AuthConfig } from '../auth-config.js';
import type { StoredUser } from '../stores/user-store.js';
import { TokenError } from '../utils/jwt.js';
import type { PasswordHasher } from '../utils/password.js';
import type { AuthenticatedUser } from './authenticated-user.js';
import { createJwtStrategy } from './jwt-strategy.js';
import { createLocalStrategy } from './local-strategy.js';

/** The caller's Passport instance or a new one, with the strategies `local` and `jwt`. */
export function createPassport(config: AuthConfig, passwords: PasswordHasher): Authenticator {
  const passport = config.passport ?? (new Passport() as unknown as Authenticator);
  for (const [name, strategy] of [
    ['local', createLocalStrategy(config, passwords)],
    ['jwt', createJwtStrategy(config)],
  ] as const) {
    assertFree(passport, name);
    passport.use(name, strategy);
  }
  return passport;
}

/** Passport would replace a strategy of the same name without a word. */
function assertFree(passport: Authenticator, name: string): void {
  const { _strategy } = passport as { _strategy?: (name: string) => unknown };
  if (_strategy?.call(passport, name) === undefined) return;
  throw new TypeError(
    `options.passport has a strategy named '${name}' already: give yours another name, or leave options.passport out`,
  );
}

/** @throws AuthError INVALID_CREDENTIALS */
export async function authenticateLocal(
  passport: Authenticator,
  req: Request,
  res: Response,
): Promise<StoredUser> {
  const { user } = await authenticate<StoredUser>(passport, 'local', req, res);
  if (!user) throw new AuthError('INVALID_CREDENTIALS');
  return user;
}

/** @throws AuthError ACCESS_TOKEN_EXPIRED or ACCESS_TOKEN_INVALID */
export async function authenticateJwt(
  passport: Authenticator,
  req: Request,
  res: Response,
): Promise<AuthenticatedUser> {
  const { user, info } = await authenticate<AuthenticatedUser>(passport, 'jwt', req, res);
  if (user) return user;
  const expired = info instanceof TokenError && info.fault === 'expired';
  throw new AuthError(expired ? 'ACCESS_TOKEN_EXPIRED' : 'ACCESS_TOKEN_INVALID');
}

function authenticate<User>(
  passport: Authenticator,
  strategy: 'local' | 'jwt',
  req: Request,
  res: Response,
): Promise<{ user: User | undefined; info: unknown }> {
  return new Promise((resolve, reject) => {
    const answer = (error?: Error | null, user?: unknown, info?: unknown) => {
      if (error) reject(error);
      else resolve({ user: (user || undefined) as User | undefined, info });
    };
    const handler = passport.authenticate(strategy, { session: false }, answer) as (
      req: Request,
      res: Response,
      next: typeof answer,
    ) => void;
    handler(req, res, answer);
  });
}
