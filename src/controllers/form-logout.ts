import type { RequestHandler } from 'express';
import { z } from 'zod';
import { clearTokenCookies } from '../http/cookies.js';
import { localPathOf, redirectToSchema, type RedirectTo } from '../http/local-redirect.js';
import { handlerOf, mistakeInCall } from '../http/outside-express.js';
import { inSequence } from '../middleware/express-gaps.js';
import { noStore, refuseHead } from '../middleware/method-and-cache.js';
import { parseCall } from '../utils/parse-call.js';
import { endByRequest, type LogoutServices } from './logout.js';

/** What `auth.logout` takes. */
export interface LogoutOptions {
  /**
   * A path of this app to send the browser to, or a function, async or not, that finds one for the request once the session has
   * ended; what it finds that is no path of this app counts as `/`. Default: `'/'`.
   */
  redirectTo?: RedirectTo;
}

const optionsSchema = z.strictObject({
  redirectTo: redirectToSchema.default('/'),
});

interface FormLogoutServices extends Pick<LogoutServices, 'config' | 'sessions'> {
  sameSiteAlways: RequestHandler;
}

/**
 * The logout for a form without a script: as POST /logout, with a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormLogout(services: FormLogoutServices, options: LogoutOptions = {}): RequestHandler {
  const { redirectTo } = parseCall('logout()', optionsSchema, options);
  const leave: RequestHandler = async (req, res) => {
    await endByRequest(services, req);
    clearTokenCookies(res, services.config.cookies);
    res.redirect(303, await localPathOf(redirectTo, req));
  };
  const chain = inSequence([refuseHead, noStore, services.sameSiteAlways, leave]);
  const called = handlerOf('logout');
  return function logout(req, res, next) {
    const mistake = mistakeInCall(called, req, next);
    if (mistake !== undefined) return next(mistake);
    chain(req, res, next);
  };
}
