import type { Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { AuthError, type AuthErrorCode } from '../errors.js';
import type { AuthenticatedUser } from '../passport/authenticated-user.js';
import { authenticateJwt } from '../passport/index.js';
import { extractAccessToken } from '../passport/jwt-strategy.js';
import type { Services } from '../services.js';
import type { StoredUser } from '../stores/user-store.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { createErrorHandler } from './error-handler.js';
import { isCrossSite, isUnsafe } from './same-site.js';

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
}

const optionsSchema = z.strictObject({
  optional: z.boolean().default(false),
  roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
  loadUser: z.boolean().default(false),
  freshWithin: z.unknown().optional(),
  checkSession: z.boolean().default(false),
});

type GuardServices = Pick<Services, 'config' | 'events' | 'passport' | 'sessions'>;

/** What makes a request anonymous where the guard is optional; anything else still stops it. */
const ANONYMOUS: ReadonlySet<AuthErrorCode> = new Set<AuthErrorCode>([
  'NO_ACCESS_TOKEN',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_INVALID',
  'SESSION_REVOKED',
]);

/** @throws TypeError that names the option and the cure */
export function createGuard(services: GuardServices, options: GuardOptions = {}): RequestHandler {
  const { optional, ...checks } = parseGuardOptions(options);
  const handleAuthError = createErrorHandler(services.events);

  return function tokenVerify(req, res, next) {
    verify(services, checks, req, res).then(
      (user) => {
        req.user = user;
        next();
      },
      (error: unknown) => {
        if (!optional || !(error instanceof AuthError && ANONYMOUS.has(error.code))) {
          handleAuthError(error, req, res, next);
          return;
        }
        delete req.user;
        req.authInfo = { code: error.code };
        next();
      },
    );
  };
}

interface Checks {
  roles: readonly string[] | undefined;
  loadUser: boolean;
  freshWithinSeconds: number | undefined;
  checkSession: boolean;
}

async function verify(
  { config, passport, sessions }: GuardServices,
  checks: Checks,
  req: Request,
  res: Response,
): Promise<AuthenticatedUser> {
  const presented = extractAccessToken(req, config.cookies.accessName);
  if (!presented) throw new AuthError('NO_ACCESS_TOKEN');
  // A browser adds cookies to whatever page's request; a header it adds for nobody.
  if (presented.from === 'cookie' && isUnsafe(req) && isCrossSite(req, config.trustedOrigins)) {
    throw new AuthError('CROSS_SITE_REQUEST');
  }
  const token = await authenticateJwt(passport, req, res);
  if (sessions.isRevoked(token.id, token.sessionId)) throw new AuthError('SESSION_REVOKED');
  if (checks.checkSession && !(await sessions.find(token.id, token.sessionId))) {
    throw new AuthError('SESSION_REVOKED');
  }
  const user = checks.loadUser ? asLoaded(token, await config.users.findById(token.id)) : token;
  assertFresh(user, checks.freshWithinSeconds, config.now());
  assertRole(user, checks.roles);
  return user;
}

/** The stored user without its password hash, and with what only the token knows. */
function asLoaded(token: AuthenticatedUser, stored: StoredUser | undefined): AuthenticatedUser {
  if (!stored || stored.disabled) throw new AuthError('ACCESS_TOKEN_INVALID');
  const { passwordHash: _secret, ...user } = stored;
  return { ...user, sessionId: token.sessionId, authTime: token.authTime };
}

function assertFresh(
  { authTime }: AuthenticatedUser,
  freshWithinSeconds: number | undefined,
  nowMs: number,
): void {
  if (freshWithinSeconds === undefined || nowMs - authTime.getTime() < freshWithinSeconds * 1000) return;
  throw new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: freshWithinSeconds });
}

function assertRole(user: AuthenticatedUser, roles: readonly string[] | undefined): void {
  if (roles && !roles.some((role) => user.roles.includes(role))) throw new AuthError('FORBIDDEN');
}

function parseGuardOptions(options: GuardOptions): Checks & { optional: boolean } {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) {
    const known = Object.keys(optionsSchema.shape).join(', ');
    throw new TypeError(`guard(): ${z.prettifyError(parsed.error)} (known options: ${known})`);
  }
  const { optional, roles, loadUser, checkSession, freshWithin } = parsed.data;
  const freshWithinSeconds = freshWithin === undefined ? undefined : durationInSeconds(freshWithin);
  if (freshWithin !== undefined && !(freshWithinSeconds !== undefined && freshWithinSeconds > 0)) {
    throw new TypeError(
      `guard(): freshWithin must be seconds or a text with its unit such as '5m'; got ${JSON.stringify(freshWithin)}`,
    );
  }
  return { optional, roles, loadUser, checkSession, freshWithinSeconds };
}
