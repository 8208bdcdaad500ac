import type { Request, RequestHandler, Response } from 'express';
import type { BodyRequest, BodySchemas } from '../http/body-schemas.js';
import type { CookieConfig } from '../http/cookies.js';
import { redirectLocally } from '../http/local-redirect.js';
import { parseCall } from '../utils/parse-call.js';
import { createFormHandler, formOptionsSchema, readForm, type FormOptions } from './form-handler.js';
import { registerByRequest, type RegisterServices } from './register.js';

/** What `auth.register` takes. `redirectTo` is `'/login'` by default: registering doesn't log in. */
export type RegisterOptions = FormOptions;

const optionsSchema = formOptionsSchema('/login');

interface FormRegisterServices extends RegisterServices {
  config: RegisterServices['config'] & { readonly cookies: CookieConfig };
  sameSiteForm: RequestHandler;
  bodies: BodySchemas;
  limitRegistrations: RequestHandler;
}

/**
 * The registration for a form without a script: rules, limits and events as POST /register, and a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormRegister(
  services: FormRegisterServices,
  options: RegisterOptions = {},
): RequestHandler {
  const { bodies, config, limitRegistrations, sameSiteForm } = services;
  const { redirectTo, failureRedirect } = parseCall('register()', optionsSchema, options);

  async function enter(req: BodyRequest<'register'>, res: Response): Promise<void> {
    await registerByRequest(services, req);
    await redirectLocally(req as Request, res, redirectTo, config.cookies);
  }

  const chain = [sameSiteForm, ...readForm(bodies.register), limitRegistrations, enter];
  return createFormHandler('register', chain, failureRedirect);
}
