import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { OnStoreDown } from '../sessions/access-tokens.js';
import { AuthError, type AuthErrorCode } from '../errors.js';
import type { AuthenticateRequest } from '../http/authenticate-request.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { Services } from '../controllers/services.js';
import type { StoredUser } from '../stores/user-store.js';
import { CANT_DENY } from '../config/parse-options.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { createErrorHandler } from './error-handler.js';
import { announceRefusal } from './refusals.js';
import type { Renewals } from './renew.js';
import { originOf } from '../http/request-origin.js';

/** What `auth.guard` takes. */
export interface GuardOptions {
  /** Lets a request without a good token pass as anonymous; `req.authInfo.code` says why. Default: false. */
  optional?: boolean;
  /** At least one of these is needed, else 403 FORBIDDEN. Default: none. */
  roles?: readonly string[];
  /** Reads the user from the store, so that `req.user` is as it is now: one read. Default: false. */
  loadUser?: boolean;
  /** The login must be younger than this, else 401 REAUTHENTICATION_REQUIRED. Default: any age. */
  freshWithin?: Duration;
  /** Asks the store whether the session still stands: one read. Default: false. */
  checkSession?: boolean;
  /** Overrides the option of `createAuth`: what to do while revocations can't be heard. Default: that option. */
  onStoreDown?: OnStoreDown;
  /**
   * Refreshes in passing, for pages that the server renders: when the access cookie has run out, is missing or has lived for half
   * of its life, and there is a refresh cookie. Default: false.
   */
  renew?: boolean;
}

const optionsSchema = z.strictObject({
  optional: z.boolean().default(false),
  roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
  loadUser: z.boolean().default(false),
  freshWithin: z.unknown().optional(),
  checkSession: z.boolean().default(false),
  onStoreDown: z.enum(['deny', 'allow-until-expiry']).optional(),
  renew: z.boolean().default(false),
});

type GuardServices = Pick<
  Services,
  'config' | 'events' | 'accessTokens' | 'authenticateRequest' | 'sessions' | 'textsFor'
> & { renewals: Renewals };

/** What makes a request anonymous where the guard is optional; anything else still stops it. */
const ANONYMOUS: ReadonlySet<AuthErrorCode> = new Set<AuthErrorCode>([
  'NO_ACCESS_TOKEN',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_INVALID',
  'SESSION_REVOKED',
  // After a renewal that was in vain.
  'REFRESH_TOKEN_EXPIRED',
  'REFRESH_TOKEN_INVALID',
  'REFRESH_TOKEN_REUSED',
  'SESSION_NOT_FOUND',
]);

/** @throws TypeError that names the option and the cure */
export function createGuard(services: GuardServices, options: GuardOptions = {}): RequestHandler {
  const { config, events, accessTokens, renewals } = services;
  const { optional, renew, ...checks } = parseGuardOptions(options);
  if (checks.onStoreDown === 'deny' && config.revocation === 'expiry')
    throw new TypeError(`guard(): onStoreDown ${CANT_DENY}`);
  const asksStore = checks.loadUser || checks.checkSession;
  const handleAuthError = createErrorHandler(services);

  function refuse(
    error: unknown,
    [req, res, next]: [Request, Response, NextFunction],
    who: Parameters<typeof announceRefusal>[3],
  ): void {
    if (!optional || !(error instanceof AuthError && ANONYMOUS.has(error.code))) {
      announceRefusal(events, error, req, who);
      handleAuthError(error, req, res, next);
      return;
    }
    delete req.user;
    req.authInfo = { code: error.code };
    next();
  }

  function guardBy(authenticateRequest: AuthenticateRequest, fail: typeof refuse): RequestHandler {
    return function tokenVerify(req, res, next) {
      let user: AuthenticatedUser | undefined;
      try {
        user = authenticateRequest(req);
        if (!asksStore) {
          accessTokens.assertNotRevoked(user.id, user.sessionId, checks.onStoreDown);
          assertAllowed(user, checks, config.now());
        }
      } catch (error) {
        fail(error, [req, res, next], user);
        return;
      }
      if (!asksStore) {
        req.user = user;
        next();
        return;
      }
      const who = { ...user, origin: originOf(req) };
      verifyInStore(services, checks, user).then(
        (current) => {
          req.user = current;
          next();
        },
        (error: unknown) => fail(error, [req, res, next], who),
      );
    };
  }

  const guard = guardBy(services.authenticateRequest, refuse);
  if (!renew) return guard;
  return guardBy(renewals.authenticate, (error, [req, res, next], who) => {
    if (!renewals.isRenewable(error)) {
      refuse(error, [req, res, next], who);
      return;
    }
    const asker = who ?? { origin: originOf(req) };
    renewals.renew(req, res).then(
      () => guard(req, res, next),
      (failure: unknown) => refuse(failure, [req, res, next], asker),
    );
  });
}

interface Checks {
  roles?: readonly string[] | undefined;
  loadUser: boolean;
  freshWithinSeconds: number | undefined;
  checkSession: boolean;
  onStoreDown?: OnStoreDown | undefined;
}

async function verifyInStore(
  { config, accessTokens, sessions }: GuardServices,
  checks: Checks,
  token: AuthenticatedUser,
): Promise<AuthenticatedUser> {
  const { id, sessionId } = token;
  const user = checks.loadUser ? asLoaded(token, await config.users.findById(id)) : token;
  // Whoever asks the store about the session can do without what this process has heard of it.
  accessTokens.assertNotRevoked(
    id,
    sessionId,
    checks.checkSession ? 'allow-until-expiry' : checks.onStoreDown,
  );
  if (checks.checkSession && !(await sessions.find(id, sessionId))) throw new AuthError('SESSION_REVOKED');
  assertAllowed(user, checks, config.now());
  return user;
}

/** The stored user without its password hash, and with what only the token knows. */
function asLoaded(token: AuthenticatedUser, stored: StoredUser | undefined): AuthenticatedUser {
  if (!stored || stored.disabled) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { passwordHash: _secret, ...user } = stored;
  const { sessionId, authTime, amr } = token;
  return { ...user, sessionId, authTime, amr };
}

function assertAllowed(
  { authTime, roles: has }: AuthenticatedUser,
  { freshWithinSeconds, roles: needed }: Checks,
  nowMs: number,
): void {
  if (freshWithinSeconds !== undefined && nowMs - authTime.getTime() >= freshWithinSeconds * 1000) {
    throw new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: freshWithinSeconds });
  }
  if (needed && !needed.some((role) => has.includes(role))) throw new AuthError('FORBIDDEN');
}

function parseGuardOptions(options: GuardOptions): Checks & { optional: boolean; renew: boolean } {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const known = Object.keys(optionsSchema.shape).join(', ');
    throw new TypeError(`guard(): ${z.prettifyError(parsed.error)} (known options: ${known})`);
  }
  const { freshWithin, ...checks } = parsed.data;
  const freshWithinSeconds = freshWithin === undefined ? undefined : durationInSeconds(freshWithin);
  if (freshWithin !== undefined && !(freshWithinSeconds !== undefined && freshWithinSeconds > 0)) {
    throw new TypeError(
      `guard(): freshWithin must be seconds or a text with its unit such as '5m'; got ${JSON.stringify(freshWithin)}`,
    );
  }
  return { ...checks, freshWithinSeconds };
}
