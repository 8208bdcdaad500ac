import type { Request, RequestHandler, Response } from 'express';
import { Passport, type Authenticator } from 'passport';
import { AuthError } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';
import { createJwtStrategy, type JwtStrategyServices } from './jwt-strategy.js';
import { createLocalStrategy, type LocalStrategyServices } from './local-strategy.js';

interface StrategyServices
  extends Omit<LocalStrategyServices, 'config'>, Omit<JwtStrategyServices, 'config'> {
  config: LocalStrategyServices['config'] & JwtStrategyServices['config'];
}

/** A Passport instance of this `createAuth`'s own. */
export function createPassport(): Authenticator {
  return new Passport() as unknown as Authenticator;
}

/**
 * Registers the strategies `local` and `jwt`.
 * @throws TypeError when a strategy has one of these names already; nothing is registered then
 */
export function useStrategies(passport: Authenticator, services: StrategyServices): void {
  for (const name of ['local', 'jwt']) assertFree(passport, name);
  passport.use('local', createLocalStrategy(services));
  passport.use('jwt', createJwtStrategy(services));
}

/** Passport would replace a strategy of the same name without a word. */
function assertFree(passport: Authenticator, name: string): void {
  if (registered(passport, name) === undefined) return;
  throw new TypeError(
    `options.passport has a strategy named '${name}' already: give yours another name, or leave options.passport out`,
  );
}

/**
 * Makes `passport.authenticate('jwt')` the guard itself: the same answer, without the work that Passport does at each request.
 * With a callback, further options or several strategies it stays Passport's, which asks the strategy.
 */
export function useGuardAsJwt(passport: Authenticator, guard: RequestHandler): void {
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

/** Proves the login in a request's body by the strategy `local`. */
export function createProveLogin(
  passport: Authenticator,
): (req: Request, res: Response) => Promise<StoredUser> {
  return (req, res) =>
    new Promise((resolve, reject) => {
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
