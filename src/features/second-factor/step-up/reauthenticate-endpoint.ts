import type { Request, RequestHandler } from 'express';
import { answerSchemas, type AnswerResponse } from '../../../http/answer-schemas.js';
import { transportOf } from '../../../http/authenticate-request.js';
import { createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { idempotencyKey } from '../../../http/idempotency-key.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../../http/operation.js';
import { isGoneOf } from '../../../http/request-origin.js';
import { deliverTokens } from '../../../http/token-response.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { askerOf } from '../../asker.js';
import { answerOf, answerSchema } from '../fields.js';
import { type FactorServices } from '../services.js';
import { reauthenticate, type UserProof } from './reauthenticate.js';

/** POST /reauthenticate */
export function reauthenticateEndpoint(services: FactorServices): Endpoint {
  const { config, guard, sameSite } = services;
  const { anyPassword } = createFieldSchemas(config);
  const body = component(
    'AuthReauthenticateRequest',
    answerSchema(services, {}, { [config.passwordField]: anyPassword.optional() }),
  );
  return {
    verb: 'post',
    path: '/reauthenticate',
    chain: [
      sameSite,
      // An enrolment needs a fresh proof.
      guard({ checkSession: true, beforeEnrolment: true }),
      parseBody,
      validateBody(body),
      createReauthenticate(services),
    ],
    operation: {
      id: 'reauthenticate',
      tag: 'Login',
      summary: 'Prove again who you are, in the same session',
      description:
        'For what needs a recent proof, or one by a second factor (`REAUTHENTICATION_REQUIRED`). Send exactly one proof. The new ' +
        'tokens say when and how, and leave the way the access token came; refresh tokens from before are no good any more. If ' +
        'the answer gets lost, the same request with the same `Idempotency-Key` gets the same tokens, until they are refreshed. ' +
        'After 5 wrong codes a session has to wait for 5 minutes at most, and after 10 in a day for the rest of it; no login waits.',
      needs: 'access token',
      beforeEnrolment: true,
      idempotencyKey: true,
      body: { schema: body, required: true },
      success: { text: 'The proof was right.', answer: () => answerSchemas().reauthenticate },
      cookies: { always: false, text: 'Both token cookies, where the access token came as a cookie.' },
      unauthorized: 'ReauthenticationRefused',
      failures: [
        ...GUARD_FAILURES,
        'INVALID_CREDENTIALS',
        'INVALID_SECOND_FACTOR',
        ...BODY_FAILURES,
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function createReauthenticate(services: FactorServices): RequestHandler {
  const { config, textsFor } = services;
  return async function reauthenticateUser(req, res: AnswerResponse<'reauthenticate'>) {
    const asker = askerOf(services, req);
    const transport = transportOf(req, config);
    const issued = await reauthenticate(
      services,
      req.user as Express.User,
      {
        proof: proofOf(req, config.passwordField),
        key: idempotencyKey(req),
        transport,
        isGone: isGoneOf(req),
      },
      asker,
    );
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: textsFor(req, res).reauthenticated, ...tokens });
  };
}

function proofOf({ body }: Request, passwordField: string): UserProof {
  const { [passwordField]: password, ...answer } = body as Record<string, string | undefined>;
  return password === undefined ? answerOf(answer) : { password };
}
