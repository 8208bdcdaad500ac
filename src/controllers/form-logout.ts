import type { RequestHandler } from 'express';
import { z } from 'zod';
import { inSequence } from '../middleware/express-gaps.js';
import { noStore, refuseHead } from '../middleware/method-and-cache.js';
import { createSameSite } from '../middleware/same-site.js';
import type { Services } from './services.js';
import { localPathSchema } from '../http/local-redirect.js';
import { endByRequest } from './logout.js';

/** What `auth.logout` takes. */
export interface LogoutOptions {
  /** A path of this app to send the browser to. Default: `'/'`. */
  redirectTo?: string;
}

const optionsSchema = z.strictObject({
  redirectTo: localPathSchema.default('/'),
});

/**
 * The logout for a form without a script: as POST /logout, with a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormLogout(services: Services, options: LogoutOptions = {}): RequestHandler {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`logout(): ${z.prettifyError(parsed.error)}`);
  const { redirectTo } = parsed.data;
  const leave: RequestHandler = async (req, res) => {
    await endByRequest(services, req, res);
    res.redirect(303, redirectTo);
  };
  const sameSite = createSameSite(services.config.trustedOrigins, services.events);
  const chain = inSequence([refuseHead, noStore, sameSite, leave]);
  return function logout(req, res, next) {
    chain(req, res, next);
  };
}
