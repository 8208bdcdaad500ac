import type { Request, RequestHandler, Response } from 'express';
import { Passport, type Authenticator } from 'passport';
import { AuthError } from '../errors.js';
import type { Services } from '../controllers/services.js';
import type { StoredUser } from '../stores/user-store.js';
import { createJwtStrategy } from './jwt-strategy.js';
import { createLocalStrategy } from './local-strategy.js';

type PassportServices = Pick<
  Services,
  'config' | 'events' | 'limits' | 'passwords' | 'accessTokens' | 'authenticateRequest'
>;

/** The caller's Passport instance or a new one, with the strategies `local` and `jwt`. */
export function createPassport(services: PassportServices): Authenticator {
  const { config, accessTokens, authenticateRequest } = services;
  const passport = config.passport ?? (new Passport() as unknown as Authenticator);
  for (const [name, strategy] of [
    ['local', createLocalStrategy(services)],
    ['jwt', createJwtStrategy(config, accessTokens, authenticateRequest)],
  ] as const) {
    assertFree(passport, name);
    passport.use(name, strategy);
  }
  return passport;
}

/** Passport would replace a strategy of the same name without a word. */
function assertFree(passport: Authenticator, name: string): void {
  if (registered(passport, name) === undefined) return;
  throw new TypeError(
    `options.passport has a strategy named '${name}' already: give yours another name, or leave options.passport out`,
  );
}

/**
 * Makes `passport.authenticate('jwt')` the guard itself: the same answer, without the work that Passport does for each
 * request. With a callback, further options or several strategies it stays Passport's, which asks the strategy.
 */
export function answerJwtWith(guard: RequestHandler, passport: Authenticator): void {
  const authenticate = passport.authenticate.bind(passport) as (...args: unknown[]) => unknown;
  const ours = registered(passport, 'jwt');
  passport.authenticate = (...args: unknown[]) => {
    const [strategy, options, callback] = args;
    const { session = false, ...further } = (options ?? {}) as { session?: boolean };
    const plain =
      typeof options !== 'function' && callback === undefined && Object.keys(further).length === 0;
    const isOurs = strategy === 'jwt' && registered(passport, 'jwt') === ours;
    return isOurs && plain && !session ? guard : authenticate(...args);
  };
}

function registered(passport: Authenticator, name: string): unknown {
  return (passport as { _strategy?: (name: string) => unknown })._strategy?.call(passport, name);
}

/** @throws AuthError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS */
export function authenticateLocal(passport: Authenticator, req: Request, res: Response): Promise<StoredUser> {
  return new Promise((resolve, reject) => {
    const answer = (error?: Error | null, user?: unknown) => {
      if (error) reject(error);
      else if (user) resolve(user as StoredUser);
      else reject(new AuthError('INVALID_CREDENTIALS'));
    };
    const handler = passport.authenticate('local', { session: false }, answer) as (
      req: Request,
      res: Response,
      next: typeof answer,
    ) => void;
    handler(req, res, answer);
  });
}
