import type { Request, RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import { announceRefusal } from './refusals.js';

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Refuses what a page of another site makes a browser send, prefetches included. */
export function createSameSite(trustedOrigins: ReadonlySet<string>, events: AuthEvents): RequestHandler {
  return function sameSite(req, _res, next) {
    if (!isPrefetch(req) && !isCrossSite(req, trustedOrigins)) {
      next();
      return;
    }
    const error = new AuthError('CROSS_SITE_REQUEST');
    announceRefusal(events, error, req);
    next(error);
  };
}

export function isUnsafe(req: Request): boolean {
  return !SAFE_METHODS.has(req.method);
}

/** Fetch Metadata where the browser sends it, `Origin` where it doesn't; other clients send neither and pass. */
export function isCrossSite(req: Request, trustedOrigins: ReadonlySet<string>): boolean {
  const { origin, 'sec-fetch-site': fetchSite } = req.headers;
  if (origin !== undefined && trustedOrigins.has(origin)) return false;
  if (fetchSite !== undefined) return fetchSite !== 'same-origin' && fetchSite !== 'none';
  return origin !== undefined && origin !== ownOrigin(req);
}

/** The user goes to a page of ours, from wherever: no script, frame, image or form of another site. */
export function isFollowedLink({ method, headers }: Request): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  );
}

/** A browser fetches ahead of the user, who may never come: nobody asked for a logout. */
export function isPrefetch({ headers }: Request): boolean {
  return PURPOSE_HEADERS.some(
    (name) => headers[name] !== undefined && /\bprefetch\b/i.test(String(headers[name])),
  );
}

const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-moz'];

/** As the browser knows it: scheme and host come from the proxy's headers where the app trusts its proxy. */
function ownOrigin(req: Request): string {
  const trustsProxy = req.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const forwardedHost = trustsProxy(req.socket.remoteAddress, 0) ? req.get('x-forwarded-host') : undefined;
  const host = forwardedHost?.split(',')[0]?.trim() || req.headers.host;
  return `${req.protocol}://${String(host).toLowerCase()}`;
}
