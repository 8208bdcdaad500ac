import type { Request, RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import { extractAccessTokens, type AccessTokenPlaces } from '../http/authenticate-request.js';
import { forbidCookies, hasOurCookie, type CookieConfig } from '../http/cookies.js';
import { isCrossSite, isFromOwnPage, isPrefetch, type SiteConfig } from '../http/cross-site.js';
import { parseBody } from './parse-body.js';
import { announceRefusal } from './refusals.js';

type SameSiteConfig = SiteConfig &
  AccessTokenPlaces & {
    readonly cookies: Pick<CookieConfig, 'accessName' | 'refreshName' | 'flowName'>;
  };

interface SameSiteOptions {
  /** Which requests of another site pass: none, or those that neither bring nor get a cookie of ours. Default: `'nothing'`. */
  foreign?: 'nothing' | 'without cookies' | undefined;
  /** The answer never has a cookie, whatever the body says. Default: false. */
  setsNoCookie?: boolean | undefined;
}

/**
 * Refuses requests that a page of another site makes a browser send, and prefetches. There are three of them:
 * - `sameSiteAlways`, of forms: refuses every one of them.
 * - `sameSiteIfCookies`, of the router and of features: lets one pass that brings no cookie of ours, and gets none in the answer.
 * - `sameSiteIfCookiesSent`, of an endpoint whose answer never sets a cookie: lets one pass that brings none.
 */
export function createSameSite(
  config: SameSiteConfig,
  events: AuthEvents,
  { foreign = 'nothing', setsNoCookie = false }: SameSiteOptions = {},
): RequestHandler {
  return function sameSite(req, res, next) {
    const refuse = () => next(crossSiteRefusal(events, req));
    if (isPrefetch(req)) refuse();
    else if (isOwn(req, config)) next();
    else if (foreign === 'nothing' || hasOurCookie(req, config.cookies)) refuse();
    else if (!isCrossSite(req, config.trustedOrigins)) {
      // A GET that says nothing of where it comes from, and brings nothing to act on.
      forbidCookies(req);
      next();
    } else {
      // A body that can't be read is no reason to say more than this.
      parseBody(req, res, (error?: unknown) => {
        if (error !== undefined || !needsNoCookie(req, config, setsNoCookie)) {
          refuse();
          return;
        }
        forbidCookies(req);
        next();
      });
    }
  };
}

/** For calls that an app makes in a route of its own. @throws AuthError CROSS_SITE_REQUEST */
export function assertSameSite(
  { config, events }: { config: SiteConfig; events: AuthEvents },
  req: Request,
): void {
  if (isCrossSite(req, config.trustedOrigins)) throw crossSiteRefusal(events, req);
}

function crossSiteRefusal(events: AuthEvents, req: Request): AuthError {
  const error = new AuthError('CROSS_SITE_REQUEST');
  announceRefusal(events, error, req);
  return error;
}

/** A GET acts here, so it needs more than the lack of a sign that it is foreign. */
function isOwn(req: Request, { trustedOrigins }: SiteConfig): boolean {
  return req.method === 'GET' ? isFromOwnPage(req, trustedOrigins) : !isCrossSite(req, trustedOrigins);
}

/**
 * Whether the client uses no cookies: it sends its token itself, or the challenge of a login by mail, or asks for the tokens in the
 * body. No form can send such a request, so a browser asks the app first (CORS).
 */
function needsNoCookie(req: Request, config: SameSiteConfig, setsNoCookie: boolean): boolean {
  if (extractAccessTokens(req, config)[0]?.from === 'header') return true;
  const body = (req.body ?? undefined) as Record<string, unknown> | undefined;
  if (typeof body !== 'object' || req.method === 'GET') return false;
  const { transport, refreshToken, challenge } = body;
  return setsNoCookie || transport === 'body' || isFilled(refreshToken) || isFilled(challenge);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
