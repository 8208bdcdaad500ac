import { z } from 'zod';
import { loginAnswer } from '../../../controllers/login-answer.js';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import { assertMaySetCookies } from '../../../http/cookies.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { replacedTokens } from '../../../http/replaced-tokens.js';
import { deliverTokens } from '../../../http/token-response.js';
import type { Transport } from '../../../tokens/transport.js';
import { messageEndpoint, postEndpoint } from '../endpoints.js';
import { addressBody, tokenField } from '../fields.js';
import { hideDuration } from '../../hide-duration.js';
import type { EmailServices } from '../services.js';
import { resendVerification } from './resend-verification.js';
import { verifyAddress, type Verification } from './verify-address.js';

/** Of a client that proves with the password that it is the one that registered. */
const ownTransport = (transport: z.ZodDefault<z.ZodType<Transport>>) =>
  transport.unwrap().optional().meta({
    description:
      'How tokens leave. Default: as the registration asked. Ignored in the browser that registered.',
  });

/** /email/verify */
export function verifyEndpoint(services: EmailServices): Endpoint {
  const { config, textsFor } = services;
  const { passwordField } = config;
  const { anyPassword, transport } = createFieldSchemas(config);
  return postEndpoint<Verification>(services, {
    path: '/email/verify',
    schema: component(
      'AuthVerifyEmailRequest',
      z
        .strictObject(
          { token: tokenField, [passwordField]: anyPassword.optional(), transport: ownTransport(transport) },
          anObject,
        )
        .transform(
          (body) =>
            ({ token: body.token, password: body[passwordField], transport: body.transport }) as Verification,
        ),
    ),
    async answer({ body, asker, req }, res) {
      const { issued, transport } = await verifyAddress(services, body, {
        ...asker,
        request: { req, res },
        assertMayLogIn(chosen) {
          if (chosen === 'cookie') assertMaySetCookies(req);
        },
        replacedTokens: (chosen) => replacedTokens(req, chosen, config.cookies),
      });
      const message = textsFor(req, res).loginSuccessful;
      const inBody = deliverTokens(res, issued, transport, config);
      res.json(loginAnswer(message, issued, inBody));
    },
    operation: {
      id: 'verifyEmail',
      summary: 'Prove an e-mail address, with the token of a mail',
      description:
        'Logs in as `/login` does, with the `transport` and `remember` of the registration. The browser that registered has a cookie and needs ' +
        'no password. Every other client does: without it the answer is `INVALID_CREDENTIALS`, and the token stays good. It is good once.',
      needs: 'nothing',
      success: {
        text: 'The address is proved, and its user is logged in.',
        answer: () => answerSchemas().login,
      },
      cookies: {
        always: false,
        text: 'Both token cookies, unless the registration chose the transport `body`.',
      },
      startsSession: true,
      failures: ['ONE_TIME_TOKEN_INVALID', 'INVALID_CREDENTIALS', 'TOO_MANY_ATTEMPTS'],
    },
  });
}

const ONLY_ITS_BROWSER =
  'Only the browser that registered, which has a cookie, gets another mail; every other client registers again. ';

/** /email/verify/resend */
export function resendEndpoint(services: EmailServices): Endpoint {
  return messageEndpoint(services, {
    path: '/email/verify/resend',
    schema: addressBody('AuthResendVerificationRequest', services.config, 'address'),
    run: ({ body, asker }) =>
      hideDuration('resend', body.address, () => resendVerification(services, body.address, asker)),
    message: 'verificationMailed',
    operation: {
      id: 'resendVerification',
      summary: 'Ask for the mail of a registration again',
      description: `${services.options.verification === 'required' ? ONLY_ITS_BROWSER : ''}The answer is the same for every address.`,
      needs: 'nothing',
      success: { status: 202, text: 'If there is an address to prove, a mail is on its way.' },
      failures: [],
    },
  });
}
