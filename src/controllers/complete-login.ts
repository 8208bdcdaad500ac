import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { AuthError } from '../errors.js';
import { createErrorHandler } from '../middleware/error-handler.js';
import { transportSchema, type Transport } from './body-schemas.js';
import type { Services } from '../services.js';
import { deliverTokens, originOf, publicUser } from './token-response.js';

export interface CompleteLoginOptions {
  /** A path of this app to send the browser to; without it the answer is the JSON of a login. */
  redirectTo?: string;
  /** Whether the cookies outlive the browser's session. Default: false. */
  remember?: boolean;
  /** `'body'` hands the tokens over in the JSON. Default: `'cookie'`. */
  transport?: Transport;
}

const optionsSchema = z
  .strictObject({
    // A browser reads \ as /, and // begins another host.
    redirectTo: z
      .string()
      .regex(/^\/(?![/\\])[^\\\p{Cc}]*$/u, "must be a path of this app that begins with one '/'")
      .optional(),
    remember: z.boolean().default(false),
    transport: transportSchema.default('cookie'),
  })
  .refine(({ redirectTo, transport }) => redirectTo === undefined || transport === 'cookie', {
    path: ['transport'],
    message: "can't be 'body' together with redirectTo: a redirect has no body to read",
  });

/**
 * Turns `req.user`, put there by any Passport strategy, into a session and both tokens.
 * @throws TypeError that names the option and the cure
 */
export function createCompleteLogin(services: Services, options: CompleteLoginOptions = {}): RequestHandler {
  const { config, events, sessions } = services;
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`completeLogin(): ${z.prettifyError(parsed.error)}`);
  const { redirectTo, remember, transport } = parsed.data;
  const handleAuthError = createErrorHandler(events);

  return async function completeLogin(req, res, next) {
    try {
      const origin = originOf(req);
      const user = await config.users.findById(provenId(req));
      if (!user || user.disabled) throw new AuthError('INVALID_CREDENTIALS');
      const issued = await sessions.start(user, remember, origin);
      const tokens = deliverTokens(res, issued, transport, config);
      res.set('Cache-Control', 'no-store');
      if (redirectTo === undefined)
        res.json({ message: 'Login successful', user: publicUser(user), ...tokens });
      else res.redirect(303, redirectTo);
    } catch (error) {
      handleAuthError(error, req, res, next);
    }
  };
}

function provenId(req: Request): string {
  const id: unknown = req.user?.id;
  if (typeof id === 'string' && id !== '') return id;
  throw new TypeError(
    'completeLogin() needs req.user.id, the id of a user in the user store: put a Passport strategy before it, with { session: false }',
  );
}
