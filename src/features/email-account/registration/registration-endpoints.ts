import type { Request } from 'express';
import { z } from 'zod';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { deliverTokens } from '../../../http/token-response.js';
import { rule } from '../../../messages/rule.js';
import { createLimitRegistrations } from '../../../middleware/limit-registrations.js';
import { parseBody, parseForm } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { publicUser } from '../../../stores/public-user.js';
import { usernameKey } from '../../../utils/username.js';
import { messageAnswer } from '../answers.js';
import { newSecret } from '../browser-secret.js';
import { addressFields, tokenField } from '../fields.js';
import { askerOf } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { resendVerification } from './resend-verification.js';
import { startRegistration, type Registration } from './start-registration.js';
import { verifyAddress, type Verification } from './verify-address.js';

/** /register, /email/verify, /email/verify/resend */
export function registrationEndpoints(services: EmailServices): Endpoint[] {
  return [registerEndpoint(services), verifyEndpoint(services), resendEndpoint(services)];
}

function registerEndpoint(services: EmailServices): Endpoint {
  const { browser, config, limits, options, sameSite, textsFor } = services;
  const schema = registrationSchema(services);
  const { lifetimeSeconds } = options.links['email-verification'];
  return {
    verb: 'post',
    path: '/register',
    chain: [
      sameSite,
      parseForm,
      validateBody(schema),
      createLimitRegistrations(limits),
      async (req: Request<object, unknown, Registration>, res) => {
        const asker = askerOf(services, req as Request);
        const { transport } = req.body;
        const secret =
          transport === 'cookie' ? browser.keep(req as Request, res, lifetimeSeconds) : newSecret();
        await startRegistration(services, req.body, secret, asker);
        res.status(202).json({ message: textsFor(req as Request, res).verificationMailed });
      },
    ],
    operation: {
      id: 'register',
      tag: 'Account',
      summary: 'Register an e-mail address',
      description:
        'Sends a mail with a link, and the account exists once its token is posted to `/email/verify`. The answer is the same for an ' +
        `address that has an account: its mail says so. \`transport\` and \`remember\` are for the login that comes then. The username (\`${config.usernameField}\`) is the address.`,
      needs: 'nothing',
      body: { schema, required: true, form: true },
      success: { status: 202, text: 'A mail is on its way.', answer: messageAnswer },
      cookies: {
        always: false,
        text: 'By which the browser shows later that it has registered; none for the transport `body`.',
      },
      failures: [...BODY_FAILURES, 'TOO_MANY_ATTEMPTS', 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

function verifyEndpoint(services: EmailServices): Endpoint {
  const { browser, config, sameSite, textsFor } = services;
  const { passwordField } = config;
  const { anyPassword } = createFieldSchemas(config);
  const schema = component(
    'AuthVerifyEmailRequest',
    z
      .strictObject({ token: tokenField, [passwordField]: anyPassword.optional() }, anObject)
      .transform((body) => ({ token: body.token, password: body[passwordField] })),
  );
  return {
    verb: 'post',
    path: '/email/verify',
    chain: [
      sameSite,
      parseBody,
      validateBody(schema),
      async (req: Request<object, unknown, Verification>, res) => {
        const by = {
          req: req as Request,
          origin: askerOf(services, req as Request).origin,
          secrets: browser.read(req as Request),
        };
        const { issued, transport } = await verifyAddress(services, req.body, by);
        res.json({
          message: textsFor(req as Request, res).loginSuccessful,
          user: publicUser(issued.user),
          ...deliverTokens(res, issued, transport, config),
        });
      },
    ],
    operation: {
      id: 'verifyEmail',
      tag: 'Account',
      summary: 'Prove an e-mail address, with the token of a mail',
      description:
        'Logs in as `/login` does, in the way that the registration has asked for. In another browser than the one that registered ' +
        '`INVALID_CREDENTIALS` asks for the password too, and spends nothing: post the token again with it. The token is good once.',
      needs: 'nothing',
      body: { schema, required: true },
      success: {
        text: 'The address is proved, and its user is logged in.',
        answer: () => answerSchemas().login,
      },
      cookies: { always: false, text: 'Both token cookies, unless the registration said otherwise.' },
      startsSession: true,
      failures: [
        ...BODY_FAILURES,
        'ONE_TIME_TOKEN_INVALID',
        'INVALID_CREDENTIALS',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function resendEndpoint(services: EmailServices): Endpoint {
  const { browser, config, sameSite, textsFor } = services;
  const { usernameField } = config;
  const schema = component(
    'AuthResendVerificationRequest',
    z
      .strictObject({ [usernameField]: addressFields(createFieldSchemas(config)).address }, anObject)
      .transform((body) => ({ address: body[usernameField] as string })),
  );
  return {
    verb: 'post',
    path: '/email/verify/resend',
    chain: [
      sameSite,
      parseBody,
      validateBody(schema),
      async (req: Request<object, unknown, z.output<typeof schema>>, res) => {
        const secrets = browser.read(req as Request);
        await resendVerification(services, req.body.address, secrets, askerOf(services, req as Request));
        res.status(202).json({ message: textsFor(req as Request, res).verificationMailed });
      },
    ],
    operation: {
      id: 'resendVerification',
      tag: 'Account',
      summary: 'Ask for the mail of a registration again',
      description: 'The answer is the same whether or not there is something to prove.',
      needs: 'nothing',
      body: { schema, required: true },
      success: {
        status: 202,
        text: 'If there is something to prove, a mail is on its way.',
        answer: messageAnswer,
      },
      failures: [...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

function registrationSchema({ config }: Pick<EmailServices, 'config'>) {
  const { usernameField, passwordField } = config;
  const fields = createFieldSchemas(config);
  const { newPassword, remember, transport } = fields;
  return component(
    'AuthRegisterRequest',
    z
      .strictObject(
        {
          [usernameField]: addressFields(fields).newAddress,
          [passwordField]: newPassword,
          remember,
          transport,
        },
        anObject,
      )
      .transform((body): Registration => ({
        address: body[usernameField] as string,
        password: body[passwordField] as string,
        remember: body['remember'] as boolean,
        transport: body['transport'] as Registration['transport'],
      }))
      .superRefine(({ address, password }, context) => {
        if (usernameKey(address) !== usernameKey(password)) return;
        context.addIssue({ code: 'custom', path: [passwordField], message: rule('differFromUsername') });
      }),
  );
}
