import type { Request, RequestHandler, Response } from 'express';
import type { BodyRequest, BodySchemas } from '../http/body-schemas.js';
import { redirectLocally } from '../http/local-redirect.js';
import { deliverTokens } from '../http/token-response.js';
import { parseCall } from '../utils/parse-call.js';
import { createFormHandler, formOptionsSchema, readForm, type FormOptions } from './form-handler.js';
import { changeByRequest, type PasswordServices } from './password.js';

/** What `auth.changePassword` takes. `redirectTo` is `'/'` by default. */
export type ChangePasswordOptions = FormOptions;

const optionsSchema = formOptionsSchema('/');

interface FormPasswordServices extends Omit<PasswordServices, 'textsFor'> {
  sameSiteAlways: RequestHandler;
  /** Renews the access token where it has expired, and passes errors on. */
  formGuard: RequestHandler;
  bodies: BodySchemas;
}

/**
 * The change of the password for a form without a script: rules, limits and events as POST /password, and a redirect in place of
 * JSON.
 * @throws TypeError that names the option and the cure
 */
export function createFormPassword(
  services: FormPasswordServices,
  options: ChangePasswordOptions = {},
): RequestHandler {
  const { bodies, config, formGuard, sameSiteAlways } = services;
  const { redirectTo, failureRedirect } = parseCall('changePassword()', optionsSchema, options);

  async function change(req: BodyRequest<'password'>, res: Response): Promise<void> {
    deliverTokens(res, await changeByRequest(services, req, 'cookie'), 'cookie', config);
    await redirectLocally(req as Request, res, redirectTo, config.cookies);
  }

  const chain = [sameSiteAlways, formGuard, ...readForm(bodies.password), change];
  return createFormHandler('changePassword', chain, { failureRedirect });
}
