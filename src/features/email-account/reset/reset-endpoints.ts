import type { Request } from 'express';
import { z } from 'zod';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { messageAnswer } from '../answers.js';
import { addressFields, tokenField } from '../fields.js';
import { askerOf } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { askReset } from './ask-reset.js';
import { resetPassword, type PasswordReset } from './reset-password.js';

/** /password/forgot, /password/reset */
export function resetEndpoints(services: EmailServices): Endpoint[] {
  return [forgotEndpoint(services), resetEndpoint(services)];
}

function forgotEndpoint(services: EmailServices): Endpoint {
  const { config, sameSite, textsFor } = services;
  const { usernameField } = config;
  const schema = component(
    'AuthForgotPasswordRequest',
    z
      .strictObject({ [usernameField]: addressFields(createFieldSchemas(config)).address }, anObject)
      .transform((body) => ({ address: body[usernameField] as string })),
  );
  return {
    verb: 'post',
    path: '/password/forgot',
    chain: [
      sameSite,
      parseBody,
      validateBody(schema),
      async (req: Request<object, unknown, z.output<typeof schema>>, res) => {
        await askReset(services, req.body.address, askerOf(services, req as Request));
        res.status(202).json({ message: textsFor(req as Request, res).resetMailed });
      },
    ],
    operation: {
      id: 'forgotPassword',
      tag: 'Account',
      summary: 'Ask for a mail to choose a new password',
      description: 'The answer is the same whether or not the address has an account.',
      needs: 'nothing',
      body: { schema, required: true },
      success: {
        status: 202,
        text: 'If the address has an account, a mail is on its way.',
        answer: messageAnswer,
      },
      failures: [...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

function resetEndpoint(services: EmailServices): Endpoint {
  const { config, sameSite, textsFor } = services;
  const { newPassword } = createFieldSchemas(config);
  const schema = component(
    'AuthResetPasswordRequest',
    z.strictObject({ token: tokenField, newPassword }, anObject),
  );
  return {
    verb: 'post',
    path: '/password/reset',
    chain: [
      sameSite,
      parseBody,
      validateBody(schema),
      async (req: Request<object, unknown, PasswordReset>, res) => {
        await resetPassword(services, req.body, askerOf(services, req as Request));
        res.json({ message: textsFor(req as Request, res).passwordReset });
      },
    ],
    operation: {
      id: 'resetPassword',
      tag: 'Account',
      summary: 'Choose a new password, with the token of a mail',
      description:
        'Ends every session of the user, and logs no one in. The token is good once. If the answer gets lost, the same request ' +
        'again finishes what is left.',
      needs: 'nothing',
      body: { schema, required: true },
      success: { text: 'The password is set.', answer: messageAnswer },
      failures: [
        ...BODY_FAILURES,
        'ONE_TIME_TOKEN_INVALID',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
