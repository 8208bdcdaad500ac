import type { Request } from 'express';
import { z } from 'zod';
import { loginAnswer } from '../../../controllers/login-answer.js';
import { startByRequest } from '../../../controllers/start-session.js';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { rule } from '../../../messages/rule.js';
import { aroundBody } from '../../../middleware/around-body.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import type { Transport } from '../../../tokens/transport.js';
import { askerOf } from '../../asker.js';
import { challengeIdField, credentialField } from '../../credential-fields.js';
import { passkeyAnswers } from '../answers.js';
import type { PasskeyServices } from '../services.js';
import { loginOptions, type LoginOptionsBody } from './login-options.js';
import { provePasskey } from './passkey-login.js';

/** POST /login/passkey/options, POST /login/passkey */
export function loginEndpoints(services: PasskeyServices): Endpoint[] {
  return [optionsEndpoint(services), loginEndpoint(services)];
}

const challengeField = z.string(rule('mustBeString')).optional().meta({
  description:
    'Of a login that waits for its second step, for clients without cookies. Not together with a name.',
});

function optionsSchema({ config }: PasskeyServices): z.ZodType<LoginOptionsBody> {
  const { usernameField } = config;
  const { username, transport } = createFieldSchemas(config);
  return (
    z
      .strictObject({ [usernameField]: username.optional(), challenge: challengeField, transport }, anObject)
      // Each says whose passkeys are asked for, and they may be of two users.
      .superRefine((body, context) => {
        if (body[usernameField] === undefined || body['challenge'] === undefined) return;
        const message = rule('mustNotComeWith', { field: usernameField });
        context.addIssue({ code: 'custom', path: ['challenge'], message });
      })
      .transform((body) => ({
        username: body[usernameField],
        challenge: body['challenge'],
        transport: body['transport'] as Transport,
      }))
  );
}

function optionsEndpoint(services: PasskeyServices): Endpoint {
  const body = component('AuthPasskeyLoginOptionsRequest', optionsSchema(services));
  return {
    verb: 'post',
    path: '/login/passkey/options',
    chain: [
      services.sameSite,
      ...aroundBody([services.guard({ optional: true, beforeEnrolment: true })], validateBody(body)),
      async (req: Request<object, unknown, LoginOptionsBody>, res) => {
        res.json(await loginOptions(services, req.body, askerOf(services, req as Request), res));
      },
    ],
    operation: {
      id: 'passkeyLoginOptions',
      tag: 'Login',
      summary: 'Begin to log in with a passkey',
      description:
        'Hand the answer to `PublicKeyCredential.parseRequestOptionsFromJSON()`. It is good once, within 5 minutes, in this browser. ' +
        'Without a name the browser offers every passkey of this site. A name without passkeys gets made-up ones, so the answer does not ' +
        'tell who has an account. An address gets 30 a minute for names, and 300 without one. Between the steps of a login, and for a user who is logged in, it asks for a passkey of that user.',
      needs: 'nothing',
      body: { schema: body, required: false },
      success: { text: 'What the browser needs.', answer: () => passkeyAnswers().loginOptions },
      cookies: {
        always: false,
        text: 'One that lets only this browser use the challenge, unless `transport` is `body`.',
      },
      failures: [...BODY_FAILURES, 'TOO_MANY_ATTEMPTS', 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

interface LoginBody {
  readonly credential: object;
  readonly challengeId?: string | undefined;
  readonly remember: boolean;
  readonly transport: Transport;
}

function loginSchema({ config }: PasskeyServices): z.ZodType<LoginBody> {
  const { remember, transport } = createFieldSchemas(config);
  return z
    .strictObject(
      { credential: credentialField, challengeId: challengeIdField.optional(), remember, transport },
      anObject,
    )
    .superRefine(({ challengeId, transport: asked }, context) => {
      if (asked === 'body' && challengeId === undefined)
        context.addIssue({ code: 'custom', path: ['challengeId'], message: rule('required') });
    });
}

function loginEndpoint(services: PasskeyServices): Endpoint {
  const { sameSite, textsFor } = services;
  const body = component('AuthPasskeyLoginRequest', loginSchema(services));
  return {
    verb: 'post',
    path: '/login/passkey',
    chain: [
      sameSite,
      parseBody,
      validateBody(body),
      async (req: Request<object, unknown, LoginBody>, res) => {
        const asker = askerOf(services, req as Request);
        const { credential, challengeId, remember, transport } = req.body;
        // Tokens leave the way that the options went.
        const shown = services.browser.shown(asker.req, transport === 'body' ? challengeId : undefined);
        const { user, method, passed } = await provePasskey(services, credential, shown, asker);
        const login = { remember, transport, amr: [method, 'mfa'], passed };
        const { origin } = asker;
        const { issued, inBody } = await startByRequest(services, user, {
          ...login,
          req: req as Request,
          res,
          origin,
        });
        const message = textsFor(req as Request, res).loginSuccessful;
        res.json(loginAnswer(message, issued, inBody));
      },
    ],
    operation: {
      id: 'loginPasskey',
      tag: 'Login',
      summary: 'Log in with a passkey',
      description:
        'With what the browser returned for the options. A passkey is a second factor too, so no second step follows.',
      needs: 'nothing',
      body: { schema: body, required: true },
      success: { text: 'The user is logged in.', answer: () => answerSchemas().login },
      cookies: { always: false, text: 'Both token cookies, unless `transport` is `body`.' },
      failures: [
        ...BODY_FAILURES,
        'INVALID_PASSKEY',
        'INVALID_CREDENTIALS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
