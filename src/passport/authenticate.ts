import type { RequestHandler } from 'express';
import type { Authenticator } from 'passport';
import { AuthError } from '../errors.js';
import { callCatching } from '../utils/call-catching.js';

export type Authenticate = (...args: unknown[]) => unknown;
type Callback = (...answer: unknown[]) => unknown;

/** The names of our strategies in the app's Passport instance. */
export const STRATEGY_NAMES = ['local', 'jwt'] as const;

export type StrategyName = (typeof STRATEGY_NAMES)[number];

/** The option by which `failWithError` tells our strategies that no other strategy is tried after them. */
const ALONE = Symbol('the only strategy');

interface FailureOptions {
  failWithError?: unknown;
  [ALONE]?: true;
}

/**
 * Replaces `passport.authenticate` by what `replace` makes of it.
 * @returns a function that puts back what was there before
 */
export function replaceAuthenticate(
  passport: Authenticator,
  replace: (authenticate: Authenticate) => Authenticate,
): () => void {
  const before = Object.getOwnPropertyDescriptor(passport, 'authenticate');
  const original = passport.authenticate.bind(passport) as Authenticate;
  let current = replace(original);
  const ours: Authenticate = (...args) => current(...args);
  passport.authenticate = ours;
  return () => {
    // Another package may have wrapped ours since, and then keeps calling it.
    current = original;
    if (passport.authenticate !== ours) return;
    if (before) Object.defineProperty(passport, 'authenticate', before);
    else delete (passport as { authenticate?: unknown }).authenticate;
  };
}

/**
 * Treats our two strategies better than Passport itself does:
 * - an error that a callback throws, or rejects with, reaches `next`. Passport would leave it to the promise that it came from.
 * - with `failWithError`, `next` gets the AuthError and not an error without a code.
 */
export function improved(authenticate: Authenticate): Authenticate {
  return (...args) => {
    const [strategy, options] = args;
    const names = [strategy].flat();
    if (!names.some((name) => (STRATEGY_NAMES as readonly unknown[]).includes(name)))
      return authenticate(...args);
    const at = args.findLastIndex((each) => typeof each === 'function');
    if (at !== -1) return withCaughtCallback(authenticate, args, at);
    const isAlone = names.length === 1 && Boolean((options as FailureOptions | undefined)?.failWithError);
    return isAlone
      ? authenticate(strategy, { ...(options as object), [ALONE]: true })
      : authenticate(...args);
  };
}

/** @param at where the callback is among the arguments */
function withCaughtCallback(
  authenticate: Authenticate,
  args: readonly unknown[],
  at: number,
): RequestHandler {
  const callback = args[at] as Callback;
  return function authenticateAndCallBack(req, res, next) {
    const catching: Callback = (...answer) => callCatching(() => callback(...answer), next);
    const handler = authenticate(...args.map((each, index) => (index === at ? catching : each)));
    (handler as RequestHandler)(req, res, next);
  };
}

/** What Passport adds to a strategy for each request. */
interface RequestStrategy {
  fail(challenge?: unknown, status?: number): void;
  error(error: unknown): void;
}

/** Called by our strategies at the beginning of a request. */
export function keepCode(strategy: RequestStrategy, options: object | undefined): void {
  if (!(options as FailureOptions | undefined)?.[ALONE]) return;
  const fail = strategy.fail.bind(strategy);
  strategy.fail = (challenge, status) => {
    if (challenge instanceof AuthError) strategy.error(challenge);
    else fail(challenge, status);
  };
}
