import type { Request, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthEvents } from '../events/auth-events.js';
import { clearTokenCookies, hasOurCookie } from '../http/cookies.js';
import type { SiteConfig } from '../http/cross-site.js';
import { forbidCaching } from '../middleware/method-and-cache.js';
import { assertSameSite } from '../middleware/same-site.js';
import { endByRequest, type LogoutServices } from './logout.js';
import { assertUnanswered } from './start-session.js';

interface EndSessionServices extends Pick<LogoutServices, 'sessions'> {
  config: LogoutServices['config'] & SiteConfig;
  events: AuthEvents;
}

/** See `Auth.endSession`. */
export type EndSession = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>;

/** The logout for an app that answers it in its own way. */
export function createEndSession(services: EndSessionServices): EndSession {
  return async function endSession(incoming, outgoing) {
    const [req, res] = [incoming, outgoing] as unknown as [Request, Response];
    assertUnanswered('endSession', req, res);
    if (hasOurCookie(req, services.config.cookies)) assertSameSite(services, req);
    const { refreshToken } = (req.body ?? {}) as { refreshToken?: unknown };
    const inBody = typeof refreshToken === 'string' ? refreshToken : undefined;
    const ended = await endByRequest(services, req, inBody);
    assertUnanswered('endSession', req, res); // the app may have answered meanwhile
    clearTokenCookies(res, services.config.cookies);
    forbidCaching(res);
    return ended;
  };
}
