import type { Request, RequestHandler, Response } from 'express';
import type { BodyRequest, BodySchemas } from '../http/body-schemas.js';
import type { CookieConfig } from '../http/cookies.js';
import { redirectLocally } from '../http/local-redirect.js';
import { validateRegistration } from '../middleware/validate-registration.js';
import { parseCall } from '../utils/parse-call.js';
import { createFormHandler, formOptionsSchema, readForm, type FormOptions } from './form-handler.js';
import { registerByRequest, type RegisterServices } from './register.js';

/** What `auth.register` takes. `redirectTo` is `'/login'` by default: registering doesn't log in. */
export type RegisterOptions = FormOptions;

const optionsSchema = formOptionsSchema('/login');

interface FormRegisterServices extends RegisterServices {
  config: RegisterServices['config'] & { readonly cookies: CookieConfig };
  sameSiteAlways: RequestHandler;
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
  const { bodies, config, limitRegistrations, sameSiteAlways } = services;
  const { redirectTo, failureRedirect } = parseCall('register()', optionsSchema, options);

  async function enter(req: BodyRequest<'register'>, res: Response): Promise<void> {
    await registerByRequest(services, req);
    await redirectLocally(req as Request, res, redirectTo, config.cookies);
  }

  const { schema } = config.registration;
  const read = readForm(bodies.register, {
    validate: validateRegistration(bodies.register, schema, { unknown: 'ignore' }),
    isFurther: (name) => schema !== undefined && !isOfForm(name),
  });
  const chain = [sameSiteAlways, ...read, limitRegistrations, enter];
  return createFormHandler('register', chain, { failureRedirect });
}

/**
 * Whether a field is a form's own business and not the user's: a CSRF token (`_csrf`), a method (`_method`), the way back. No schema
 * can be asked which fields it knows, so it gets all others.
 */
function isOfForm(name: string): boolean {
  return name.startsWith('_') || name === 'returnTo';
}
