import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from 'express';
import { failureOf, type AuthError } from '../errors.js';
import { announceAndHandOver } from '../events/announce-outage.js';
import type { LazyOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { AuthenticateRequest } from '../http/authenticate-request.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import { canSetCookies, GUARD, mistakeInCall } from '../http/outside-express.js';
import { lazyOriginOf } from '../http/request-origin.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import { asError } from '../utils/as-error.js';
import { callCatching, catchingNext } from '../utils/call-catching.js';
import { createErrorHandler, type ErrorHandlerServices } from './error-handler.js';
import { verifyFirstInStore, verifyWithoutStore, type GuardCheckServices } from './guard-checks.js';
import {
  parseGuardOptions,
  type GuardChecks,
  type GuardOptions,
  type ParsedGuardOptions,
} from './guard-options.js';
import { announceRefusal, type Refused } from './refusals.js';
import type { Renewals } from './renew.js';

export interface GuardServices extends GuardCheckServices, ErrorHandlerServices {
  config: GuardCheckServices['config'] & ErrorHandlerServices['config'] & Pick<SessionConfig, 'revocation'>;
  authenticateRequest: AuthenticateRequest;
  /** Undefined where there is nothing to renew with. Then no guard may have the option `renew`. */
  renewals: Pick<Renewals, 'authenticate' | 'renew'> | undefined;
  featureClaims: FeatureClaims;
}

type Handled = [req: Request, res: Response, next: NextFunction];
type Fail = (error: unknown, handled: Handled, who: Refused | undefined) => void;

/**
 * Middleware that lets a request pass only with a good access token.
 * @throws TypeError that names the option and the cure
 */
export function createGuard(services: GuardServices, options: GuardOptions = {}): RequestHandler {
  return guardBy(services, parseGuardOptions(options, services));
}

/** The guard that makes these checks. */
export function guardBy(services: GuardServices, checks: ParsedGuardOptions): RequestHandler {
  const { renewals } = services;
  const handleAuthError =
    checks.onFailure === 'next' ? handOver(services.events) : createErrorHandler(services);

  const refuse: Fail = (error, [req, res, next], who) => {
    if (!checks.optional || !failureOf(error).anonymous) {
      announceRefusal(services.events, error, req, who);
      handleAuthError(error, req, res, next);
      return;
    }
    delete req.user;
    req.authInfo = { code: (error as AuthError).code };
    next();
  };

  const judgeBy = (authenticateRequest: AuthenticateRequest, fail: Fail) =>
    checks.loadUser || checks.checkSession
      ? guardWithStore(services, checks, authenticateRequest, fail)
      : guardWithoutStore(services, checks, authenticateRequest, fail);

  const guard = judgeBy(services.authenticateRequest, neverThrowing(refuse));
  if (!checks.renew || !renewals) return guard;
  const renewOrRefuse: Fail = (error, [req, res, next], who) => {
    // Without a response that takes cookies, the new tokens would be lost.
    if (!failureOf(error).renewable || !canSetCookies(res)) {
      refuse(error, [req, res, next], who);
      return;
    }
    const asker = who ?? { origin: lazyOriginOf(req) };
    const proceed = catchingNext(next);
    renewals.renew(req, res).then(
      () => callCatching(() => guard(req, res, proceed), proceed),
      (failure: unknown) => callCatching(() => refuse(failure, [req, res, proceed], asker), proceed),
    );
  };
  return judgeBy(renewals.authenticate, neverThrowing(renewOrRefuse));
}

/**
 * A refusal reads the request, and what an app hands over as one may throw. Outside Express nothing would catch that, so `next` gets
 * it. What `next` throws itself is thrown on.
 */
function neverThrowing(fail: Fail): Fail {
  return (error, [req, res, next], who) => {
    let hasProceeded = false;
    const proceed: NextFunction = (passedOn?: unknown) => {
      hasProceeded = true;
      return passedOn === undefined ? next() : next(passedOn);
    };
    try {
      fail(error, [req, res, proceed], who);
    } catch (thrown) {
      if (hasProceeded) throw thrown;
      next(asError(thrown));
    }
  };
}

/** Leaves the answer to the app's own error handler. */
function handOver(events: AuthEvents): ErrorRequestHandler {
  return (error, _req, _res, next) => {
    announceAndHandOver(events, error);
    next(error);
  };
}

/** Synchronous: a guard without options costs no promise. */
function guardWithoutStore(
  services: GuardServices,
  checks: GuardChecks,
  authenticateRequest: AuthenticateRequest,
  fail: Fail,
): RequestHandler {
  return function tokenVerify(req, res, next) {
    const mistake = mistakeInCall(GUARD, req, next);
    if (mistake) return next(mistake);
    let user: AuthenticatedUser | undefined;
    try {
      user = authenticateRequest(req);
      verifyWithoutStore(services, checks, user);
      req.user = user;
    } catch (error) {
      fail(error, [req, res, next], user);
      return;
    }
    next();
  };
}

function guardWithStore(
  services: GuardServices,
  checks: GuardChecks,
  authenticateRequest: AuthenticateRequest,
  fail: Fail,
): RequestHandler {
  return function tokenVerify(req, res, next) {
    const mistake = mistakeInCall(GUARD, req, next);
    if (mistake) return next(mistake);
    let token: AuthenticatedUser;
    let origin: LazyOrigin;
    try {
      token = authenticateRequest(req);
      origin = lazyOriginOf(req);
    } catch (error) {
      fail(error, [req, res, next], undefined);
      return;
    }
    const who = { id: token.id, sessionId: token.sessionId, origin };
    const proceed = catchingNext(next);
    verifyFirstInStore(services, checks, (ended) => authenticateRequest(req, ended), token).then(
      (user) =>
        callCatching(() => {
          req.user = user;
          proceed();
        }, proceed),
      (error: unknown) => callCatching(() => fail(error, [req, res, proceed], who), proceed),
    );
  };
}
