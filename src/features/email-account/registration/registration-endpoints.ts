import type { Request, Response } from 'express';
import { z } from 'zod';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { anObject, createFieldSchemas, refuseUsernameAs } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { newSecret } from '../../../http/new-secret.js';
import { BODY_FAILURES, type Operation } from '../../../http/operation.js';
import { createLimitRegistrations } from '../../../middleware/limit-registrations.js';
import { parseForm } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { publicUser } from '../../../stores/public-user.js';
import { messageAnswer } from '../answers.js';
import { addressFields } from '../fields.js';
import { hideDuration } from '../../hide-duration.js';
import { emailAskerOf } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { registerUnproved } from './register-unproved.js';
import { startRegistration, type Registration } from './start-registration.js';
import { resendEndpoint, verifyEndpoint } from './verification-endpoints.js';

type RegistrationRequest = Request<object, unknown, Registration>;

/** /register, /email/verify, /email/verify/resend. Where the app has switched registration off, only what its accounts need. */
export function registrationEndpoints(services: EmailServices): Endpoint[] {
  const { config, options } = services;
  const ofAccounts = [verifyEndpoint(services), resendEndpoint(services)];
  if (config.register) return [registerEndpoint(services), ...ofAccounts];
  return options.verification === 'later' ? ofAccounts : [];
}

function registerEndpoint(services: EmailServices): Endpoint {
  const { limits, options, sameSite } = services;
  const schema = registrationSchema(services);
  const isRequired = options.verification === 'required';
  return {
    verb: 'post',
    path: '/register',
    chain: [
      sameSite,
      parseForm,
      validateBody(schema),
      createLimitRegistrations(limits),
      isRequired ? createStart(services) : createRegisterUnproved(services),
    ],
    operation: {
      id: 'register',
      tag: 'Account',
      needs: 'nothing',
      body: { schema, required: true, form: true },
      cookies: {
        always: false,
        text: 'One that shows later that this browser has registered, unless `transport` is `body`.',
      },
      ...(isRequired ? ANSWERED_ALIKE : ANSWERED_AT_ONCE),
    },
  };
}

const FOR_LATER =
  '`transport` and `remember` are for the login that comes when the token of the mail is posted to `/email/verify`.';

const ANSWERED_ALIKE = {
  summary: 'Register an e-mail address',
  description:
    'Sends a mail, and creates the user when the address is proved. The answer is the same for an address that has an account: the ' +
    `mail says so. ${FOR_LATER}`,
  success: { status: 202, text: 'A mail is on its way.', answer: messageAnswer },
  failures: [...BODY_FAILURES, 'TOO_MANY_ATTEMPTS', 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
} satisfies Partial<Operation>;

const ANSWERED_AT_ONCE = {
  summary: 'Register a user by an e-mail address',
  description: `Creates a user whose address is not proved yet, sends a mail, and does not log in. ${FOR_LATER}`,
  success: { status: 201, text: 'The new user.', answer: () => answerSchemas().register },
  failures: [
    ...BODY_FAILURES,
    'USERNAME_TAKEN',
    'TOO_MANY_ATTEMPTS',
    'CROSS_SITE_REQUEST',
    'SERVICE_UNAVAILABLE',
  ],
} satisfies Partial<Operation>;

function createStart(services: EmailServices) {
  const { browser, options, textsFor } = services;
  const { lifetimeSeconds } = options.links['email-verification'];
  return async function start(req: RegistrationRequest, res: Response) {
    const asker = emailAskerOf(services, req as Request, res);
    const secret = secretOf(services, req);
    await hideDuration('register', req.body.username, () =>
      startRegistration(services, req.body, secret, asker),
    );
    if (req.body.transport === 'cookie') browser.keep(res, secret, lifetimeSeconds);
    res.status(202).json({ message: textsFor(req as Request, res).verificationMailed });
  };
}

/** As long as users may take to prove their address without losing what they have done before. */
const REGISTERED_COOKIE_SECONDS = 30 * 24 * 60 * 60;

function createRegisterUnproved(services: EmailServices) {
  const { browser, textsFor } = services;
  return async function register(req: RegistrationRequest, res: Response) {
    const asker = emailAskerOf(services, req as Request, res);
    const secret = secretOf(services, req);
    const user = await registerUnproved(services, req.body, secret, asker);
    if (req.body.transport === 'cookie') browser.keep(res, secret, REGISTERED_COOKIE_SECONDS);
    const message = textsFor(req as Request, res).registrationSuccessful;
    res.status(201).json({ message, user: publicUser(user) });
  };
}

/** A client without cookies has nothing to show later but the password. */
function secretOf({ browser }: EmailServices, req: RegistrationRequest): string {
  return req.body.transport === 'cookie' ? browser.choose(req as Request) : newSecret();
}

function registrationSchema({ config }: Pick<EmailServices, 'config'>) {
  const { usernameField, passwordField } = config;
  const fields = createFieldSchemas(config);
  const { newPassword, remember, transport } = fields;
  const members = {
    [usernameField]: addressFields(fields).newAddress,
    [passwordField]: newPassword,
    remember,
    transport,
  };
  return component(
    'AuthRegisterRequest',
    z
      .strictObject(members, anObject)
      .transform((body) => ({
        username: body[usernameField] as string,
        password: body[passwordField] as string,
        remember: body['remember'] as boolean,
        transport: body['transport'] as Registration['transport'],
      }))
      .superRefine(refuseUsernameAs(passwordField)),
  );
}
