import type { Request, RequestHandler, Response } from 'express';
import type { BodyRequest, BodySchemas } from '../http/body-schemas.js';
import { redirectLocally } from '../http/local-redirect.js';
import { parseCall } from '../utils/parse-call.js';
import {
  createFormHandler,
  formOptionsSchema,
  isChecked,
  readForm,
  type FormOptions,
} from './form-handler.js';
import { proveAndStart, type LoginServices } from './login.js';
import {
  assertSecondFactorExists,
  secondFactorPathSchema,
  type LoginStops,
} from './second-factor-options.js';

/** What `auth.login` takes. `redirectTo` is `'/'` by default. */
export interface LoginOptions extends FormOptions {
  /**
   * A path of this app to send the browser to when the password was right and the user has a second factor: the page that asks for
   * the code, and keeps the `returnTo`. Default: the AuthError `SECOND_FACTOR_REQUIRED` goes where the others go. Throws a TypeError
   * without a feature that asks for a second factor.
   */
  secondFactor?: string;
}

const optionsSchema = formOptionsSchema('/').extend({ secondFactor: secondFactorPathSchema });

interface FormLoginServices extends Omit<LoginServices, 'textsFor'>, LoginStops {
  sameSiteAlways: RequestHandler;
  bodies: BodySchemas;
}

/**
 * The login for a form without a script: checks, limits and session as POST /login, and a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormLogin(services: FormLoginServices, options: LoginOptions = {}): RequestHandler {
  const { bodies, config, sameSiteAlways } = services;
  const { redirectTo, failureRedirect, secondFactor } = parseCall('login()', optionsSchema, options);
  assertSecondFactorExists('login()', { secondFactor }, services);
  // A form has no booleans, and its tokens leave as cookies.
  const read = readForm(bodies.login, {
    convert: (form) => ({ ...form, remember: isChecked(form['remember']), transport: 'cookie' }),
  });

  async function enter(req: BodyRequest<'login'>, res: Response): Promise<void> {
    await proveAndStart(services, req, res, 'cookie');
    await redirectLocally(req as Request, res, redirectTo, config.cookies);
  }

  return createFormHandler('login', [sameSiteAlways, ...read, enter], { failureRedirect, secondFactor });
}
