import type { Request } from 'express';
import { z } from 'zod';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { messageAnswer } from '../answers.js';
import { addressFields } from '../fields.js';
import { askerOf } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { resendVerification } from './resend-verification.js';

const ONLY_ITS_BROWSER =
  'Only the browser that registered, which has a cookie, gets another mail; every other client registers again. ';

/** POST /email/verify/resend */
export function resendEndpoint(services: EmailServices): Endpoint {
  const { config, options, sameSite, textsFor } = services;
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
        await resendVerification(services, req.body.address, askerOf(services, req as Request));
        res.status(202).json({ message: textsFor(req as Request, res).verificationMailed });
      },
    ],
    operation: {
      id: 'resendVerification',
      tag: 'Account',
      summary: 'Ask for the mail of a registration again',
      description: `${options.verification === 'required' ? ONLY_ITS_BROWSER : ''}The answer is the same for every address.`,
      needs: 'nothing',
      body: { schema, required: true },
      success: {
        status: 202,
        text: 'If there is an address to prove, a mail is on its way.',
        answer: messageAnswer,
      },
      failures: [...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}
