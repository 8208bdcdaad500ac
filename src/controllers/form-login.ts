import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { z } from 'zod';
import { AuthError } from '../errors.js';
import type { Bodies, BodyRequest, BodySchemas } from '../http/body-schemas.js';
import {
  localPathSchema,
  redirectLocally,
  redirectToSchema,
  type RedirectTo,
} from '../http/local-redirect.js';
import { deliverTokens } from '../http/token-response.js';
import { inSequence } from '../middleware/express-gaps.js';
import { noStore } from '../middleware/method-and-cache.js';
import { parseForm } from '../middleware/parse-body.js';
import { validateBody } from '../middleware/validate-body.js';
import { parseCall } from '../utils/parse-call.js';
import { proveAndStart, type LoginServices } from './login.js';

/** What `auth.login` takes. */
export interface LoginOptions {
  /**
   * A path of this app to send the browser to, such as `'/account'`; or a function, async or not, that takes the request and
   * returns one. If it returns anything but a path of this app, the browser goes to `/`. Default: `'/'`.
   */
  redirectTo?: RedirectTo;
  /**
   * A path of this app to send the browser to when the user has to try again: `/login` becomes `/login?error=INVALID_CREDENTIALS`.
   * Default: none, and the AuthError goes to the next error handler, which may show the form again.
   */
  failureRedirect?: string;
}

const optionsSchema = z.strictObject({
  redirectTo: redirectToSchema.default('/'),
  failureRedirect: localPathSchema.optional(),
});

/** Statuses after which the user can try again. Anything else is for an error page. */
const FOR_THE_USER = new Set([400, 401, 429]);

interface FormLoginServices extends Pick<LoginServices, 'config' | 'proveLogin' | 'sessions'> {
  sameSite: RequestHandler;
  bodies: BodySchemas;
}

/**
 * The login for a form without a script: checks, limits and session as POST /login, and a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormLogin(services: FormLoginServices, options: LoginOptions = {}): RequestHandler {
  const { bodies, config, sameSite } = services;
  const { redirectTo, failureRedirect } = parseCall('login()', optionsSchema, options);

  async function enter(req: BodyRequest<'login'>, res: Response): Promise<void> {
    deliverTokens(res, await proveAndStart(services, req, res, 'cookie'), 'cookie', config);
    await redirectLocally(req as Request, res, redirectTo, config.cookies);
  }

  function fail(error: unknown, res: Response, next: NextFunction): void {
    const isForTheUser = error instanceof AuthError && FOR_THE_USER.has(error.status);
    if (failureRedirect === undefined || !isForTheUser) next(error);
    else res.redirect(303, withError(failureRedirect, error.code));
  }

  const chain = inSequence([noStore, sameSite, parseForm, validateForm(bodies.login), enter]);
  return function login(req, res, next) {
    chain(req, res, (error?: unknown) => fail(error, res, next));
  };
}

/** A form has no booleans, and its tokens leave as cookies. Its other fields (where to go next) are left to the app. */
function validateForm(schema: z.ZodType<Bodies['login']>): RequestHandler {
  const validate = validateBody(schema);
  return function validateLoginForm(req, res, next) {
    const form = { ...(req.body as Record<string, unknown> | undefined) };
    req.body = { ...form, remember: isChecked(form['remember']), transport: 'cookie' };
    validate(req, res, (error?: unknown) => {
      if (error === undefined) req.body = { ...form, ...(req.body as object) };
      next(error);
    });
  };
}

/** A box that isn't ticked sends nothing; a ticked one sends `on`, or its `value`. */
function isChecked(value: unknown): boolean {
  return ![undefined, null, false, '', '0', 'false', 'off'].includes(value as string);
}

function withError(path: string, code: string): string {
  const url = new URL(path, 'http://this.app');
  url.searchParams.set('error', code);
  return url.pathname + url.search + url.hash;
}
