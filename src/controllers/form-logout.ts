import type { RequestHandler } from 'express';
import { z } from 'zod';
import { localPathSchema } from '../http/local-redirect.js';
import { inSequence } from '../middleware/express-gaps.js';
import { noStore, refuseHead } from '../middleware/method-and-cache.js';
import { parseCall } from '../utils/parse-call.js';
import { endByRequest, type LogoutServices } from './logout.js';

/** What `auth.logout` takes. */
export interface LogoutOptions {
  /** A path of this app to send the browser to. Default: `'/'`. */
  redirectTo?: string;
}

const optionsSchema = z.strictObject({
  redirectTo: localPathSchema.default('/'),
});

interface FormLogoutServices extends Pick<LogoutServices, 'config' | 'sessions'> {
  sameSiteForm: RequestHandler;
}

/**
 * The logout for a form without a script: as POST /logout, with a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormLogout(services: FormLogoutServices, options: LogoutOptions = {}): RequestHandler {
  const { redirectTo } = parseCall('logout()', optionsSchema, options);
  const leave: RequestHandler = async (req, res) => {
    await endByRequest(services, req, res);
    res.redirect(303, redirectTo);
  };
  const chain = inSequence([refuseHead, noStore, services.sameSiteForm, leave]);
  return function logout(req, res, next) {
    chain(req, res, next);
  };
}
