import type { Request, RequestHandler, Response } from 'express';
import { Passport, type Authenticator, type Strategy } from 'passport';
import { AuthError, serviceUnavailable } from '../errors.js';
import type { StoredUser } from '../stores/user-store.js';
import {
  improved,
  replaceAuthenticate,
  STRATEGY_NAMES,
  type Authenticate,
  type StrategyName,
} from './authenticate.js';
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
 * Registers the strategies `local` and `jwt`, and makes `passport.authenticate` treat them better than Passport itself does.
 * @returns a function that takes all of it back: the instance may be the app's, and outlive this `createAuth`
 * @throws TypeError when a strategy has one of these names already; nothing is registered then
 */
export function useStrategies(
  passport: Authenticator,
  services: StrategyServices,
  guard: RequestHandler,
): () => void {
  for (const name of STRATEGY_NAMES) assertFree(passport, name);
  const strategies: Record<StrategyName, Strategy> = {
    local: createLocalStrategy(services),
    jwt: createJwtStrategy(services),
  };
  for (const name of STRATEGY_NAMES) passport.use(name, strategies[name]);
  const putBack = replaceAuthenticate(passport, (authenticate) =>
    guardAsJwt(passport, improved(authenticate), guard),
  );
  return () => {
    putBack();
    for (const name of STRATEGY_NAMES)
      if (registered(passport, name) === strategies[name]) passport.unuse(name);
  };
}

/** Passport would replace a strategy of the same name without a word. */
function assertFree(passport: Authenticator, name: StrategyName): void {
  if (registered(passport, name) === undefined) return;
  throw new TypeError(
    `options.passport has a strategy named '${name}' already: give yours another name, leave options.passport out, or close() the createAuth before this one`,
  );
}

/**
 * Makes `passport.authenticate('jwt')` the guard itself: the same answer, without the work that Passport does at each request.
 * With a callback, further options or several strategies it stays Passport's, which asks the strategy.
 */
function guardAsJwt(
  passport: Authenticator,
  authenticate: Authenticate,
  guard: RequestHandler,
): Authenticate {
  const ours = registered(passport, 'jwt');
  return (...args) => {
    const [strategy, options, callback] = args;
    const { session = false, ...further } = (options ?? {}) as { session?: boolean };
    const plain =
      typeof options !== 'function' && callback === undefined && Object.keys(further).length === 0;
    const isOurs = strategy === 'jwt' && registered(passport, 'jwt') === ours;
    return isOurs && plain && !session ? guard : authenticate(...args);
  };
}

function registered(passport: Authenticator, name: StrategyName): unknown {
  return (passport as { _strategy?: (name: string) => unknown })._strategy?.call(passport, name);
}

/** Proves the login in a request's body by the strategy `local`. */
export function createProveLogin(
  passport: Authenticator,
): (req: Request, res: Response) => Promise<StoredUser> {
  return (req, res) =>
    new Promise((resolve, reject) => {
      // After close(), where the Passport instance is the app's.
      if (registered(passport, 'local') === undefined)
        throw serviceUnavailable(new Error('This createAuth is closed'));
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
