import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import { isCrossSite, isPrefetch, type SiteConfig } from '../http/cross-site.js';
import { announceRefusal } from './refusals.js';

/** Refuses requests that a page of another site makes a browser send, and prefetches. */
export function createSameSite({ trustedOrigins }: SiteConfig, events: AuthEvents): RequestHandler {
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
