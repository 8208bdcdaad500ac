import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { loginAnswer } from '../../../controllers/login-answer.js';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { rule } from '../../../messages/rule.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { answerSchema, challengeField, trustDeviceField } from '../fields.js';
import type { FactorServices } from '../services.js';
import { makeSecondStep } from './make-second-step.js';

/** POST /login/second-factor */
export function secondStepEndpoint(services: FactorServices): Endpoint {
  const members = {
    challenge: challengeField,
    ...(services.devices && { trustDevice: trustDeviceField }),
  };
  const body = component(
    'AuthSecondFactorRequest',
    answerSchema(services, members).superRefine(refuseTrustWithoutCookies),
  );
  return {
    verb: 'post',
    path: '/login/second-factor',
    chain: [services.sameSite, parseBody, validateBody(body), createSecondStep(services)],
    operation: {
      id: 'loginSecondFactor',
      tag: 'Login',
      summary: 'Make the second step of a login',
      description:
        'After a login that was answered with `SECOND_FACTOR_REQUIRED`, within 5 minutes, in the browser that made it or with its ' +
        `\`challenge\`. Send ${proofsIn(services)}. Each is good once. After 5 wrong ones the login has to begin again.`,
      needs: 'nothing',
      body: { schema: body, required: true },
      success: { text: 'The user is logged in.', answer: () => answerSchemas().login },
      cookies: {
        always: false,
        text: 'Both token cookies, unless the login was begun with `transport: "body"`; with `trustDevice` one more.',
      },
      failures: [
        ...BODY_FAILURES,
        'FLOW_STATE_INVALID',
        'INVALID_SECOND_FACTOR',
        'INVALID_CREDENTIALS',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

/** A client without cookies can't be told apart from any other: to drop the wish would leave its user waiting for what never comes. */
function refuseTrustWithoutCookies(
  { challenge, trustDevice }: { readonly challenge?: unknown; readonly trustDevice?: unknown },
  context: z.core.$RefinementCtx,
): void {
  if (trustDevice !== true || challenge === undefined) return;
  context.addIssue({ code: 'custom', path: ['trustDevice'], message: rule('mustHaveCookies') });
}

function proofsIn({ others }: FactorServices): string {
  const codes = 'a `code` of the authenticator app';
  return others.names.has('passkeys')
    ? `${codes}, a \`recoveryCode\` or the \`credential\` of a passkey, for which POST /login/passkey/options has the options`
    : `${codes} or a \`recoveryCode\``;
}

function createSecondStep(services: FactorServices): RequestHandler {
  const { textsFor } = services;
  return async function secondStep(req, res) {
    const { issued, inBody } = await makeSecondStep(services, req, res);
    res.json(loginAnswer(textsFor(req, res).loginSuccessful, issued, inBody));
  };
}
