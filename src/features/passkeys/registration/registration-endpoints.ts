import type { Request } from 'express';
import { z } from 'zod';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../../http/operation.js';
import { validateBody } from '../../../middleware/validate-body.js';
import type { Transport } from '../../../tokens/transport.js';
import { askerOf } from '../../asker.js';
import { challengeIdField, credentialField } from '../../credential-fields.js';
import { freshFactorGuards, freshLoginGuards } from '../../fresh-login.js';
import { nameField } from '../../name-field.js';
import { passkeyAnswers, shownPasskey } from '../answers.js';
import type { PasskeyServices } from '../services.js';
import { registerPasskey, type PasskeyRegistration } from './register-passkey.js';
import { registrationOptions } from './registration-options.js';

const OPTIONS_COOKIE = 'One that lets only this browser use the challenge, unless `transport` is `body`.';

/** POST /passkeys/options, POST /passkeys */
export function registrationEndpoints(services: PasskeyServices): Endpoint[] {
  return [optionsEndpoint(services), registerEndpoint(services)];
}

function optionsEndpoint(services: PasskeyServices): Endpoint {
  const { transport } = createFieldSchemas(services.config);
  const body = component('AuthPasskeyOptionsRequest', z.strictObject({ transport }, anObject));
  return {
    verb: 'post',
    path: '/passkeys/options',
    chain: [
      ...freshFactorGuards(services, validateBody(body)),
      async (req: Request<object, unknown, { transport: Transport }>, res) => {
        const asker = askerOf(services, req as Request);
        const owner = req.user as Express.User;
        res.json(await registrationOptions(services, owner, req.body.transport, asker, res));
      },
    ],
    operation: {
      id: 'passkeyRegistrationOptions',
      tag: 'Account',
      summary: 'Begin to register a passkey',
      description:
        'Hand the answer to `PublicKeyCredential.parseCreationOptionsFromJSON()`. It is good once, within 5 minutes, in this session and ' +
        'this browser. The login must be younger than 5 minutes, and by a second factor where the user has one.',
      needs: 'access token',
      beforeEnrolment: true,
      body: { schema: body, required: false },
      success: { text: 'What the browser needs.', answer: () => passkeyAnswers().registrationOptions },
      cookies: { always: false, text: OPTIONS_COOKIE },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        'TOO_MANY_FACTORS',
        ...BODY_FAILURES,
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function registerEndpoint(services: PasskeyServices): Endpoint {
  const body = component(
    'AuthRegisterPasskeyRequest',
    z.strictObject(
      { credential: credentialField, name: nameField.optional(), challengeId: challengeIdField.optional() },
      anObject,
    ),
  );
  return {
    verb: 'post',
    path: '/passkeys',
    chain: [
      ...freshLoginGuards(services, validateBody(body)),
      async (req: Request<object, unknown, PasskeyRegistration>, res) => {
        const asker = askerOf(services, req as Request);
        const owner = req.user as Express.User;
        const { passkey, ...codes } = await registerPasskey(services, owner, req.body, asker);
        res.status(201).json({ passkey: shownPasskey(passkey), ...codes });
      },
    ],
    operation: {
      id: 'registerPasskey',
      tag: 'Account',
      summary: 'Register a passkey',
      description:
        'From now on it logs the user in. With the feature `secondFactor` it is a second factor too: every other session ends, and with ' +
        'the first second factor come the recovery codes.',
      needs: 'access token',
      beforeEnrolment: true,
      body: { schema: body, required: true },
      success: { status: 201, text: 'It is registered.', answer: () => passkeyAnswers().registered },
      unauthorized: 'PasskeyRegistrationRefused',
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        'INVALID_PASSKEY',
        'PASSKEY_EXISTS',
        'TOO_MANY_FACTORS',
        ...BODY_FAILURES,
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
