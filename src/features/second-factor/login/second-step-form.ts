import type { Request, RequestHandler, Response } from 'express';
import {
  createFormHandler,
  formOptionsSchema,
  isChecked,
  readForm,
  type FormOptions,
} from '../../../controllers/form-handler.js';
import { redirectLocally } from '../../../http/local-redirect.js';
import { parseCall } from '../../../utils/parse-call.js';
import { answerSchema, trustDeviceField } from '../fields.js';
import type { FactorServices } from '../services.js';
import { makeSecondStep } from './make-second-step.js';

const optionsSchema = formOptionsSchema('/');

/**
 * The second step for a form without a script: judged as POST /login/second-factor, and a redirect in place of JSON.
 * @throws TypeError that names the option and the cure
 */
export function createSecondStepForm(services: FactorServices, options: FormOptions = {}): RequestHandler {
  const { config, devices, sameSiteAlways } = services;
  const { redirectTo, failureRedirect } = parseCall('secondStep()', optionsSchema, options);
  const schema = answerSchema(devices ? { trustDevice: trustDeviceField } : {});
  const read = readForm(schema, {
    convert: ({ trustDevice, ...form }) => ({
      ...filledIn(form),
      ...(devices && { trustDevice: isChecked(trustDevice) }),
    }),
  });

  async function enter(req: Request, res: Response): Promise<void> {
    // A challenge is for clients without cookies.
    const { challenge: _ofBody, ...body } = req.body as Record<string, unknown>;
    req.body = filledIn(body);
    await makeSecondStep(services, req, res);
    await redirectLocally(req, res, redirectTo, config.cookies);
  }

  return createFormHandler('secondStep', [sameSiteAlways, ...read, enter], { failureRedirect });
}

/** A form may have a field for each kind of code, of which the user fills in one. */
function filledIn(form: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(form).filter(([name, value]) => value !== '' || !['code', 'recoveryCode'].includes(name)),
  );
}
