import type { Request } from 'express';
import { z } from 'zod';
import { anObject, text } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../../http/operation.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { askerOf } from '../../asker.js';
import { freshFactorGuards, freshLoginGuards } from '../../fresh-login.js';
import { nameField } from '../../name-field.js';
import { factorAnswers } from '../answers.js';
import { codeField } from '../fields.js';
import { type FactorServices } from '../services.js';
import { confirmTotp, type TotpConfirmation } from './confirm-totp.js';
import { startTotp } from './start-totp.js';

/** /factors/totp, /factors/totp/confirm */
export function enrolmentEndpoints(services: FactorServices): Endpoint[] {
  return [startEndpoint(services), confirmEndpoint(services)];
}

function startEndpoint(services: FactorServices): Endpoint {
  return {
    verb: 'post',
    path: '/factors/totp',
    chain: [
      ...freshFactorGuards(services, validateBody(services.bodies.none)),
      async (req, res) => {
        res.status(201).json(await startTotp(services, req.user as Express.User));
      },
    ],
    operation: {
      id: 'startTotp',
      tag: 'Account',
      summary: 'Begin to enrol an authenticator app',
      description:
        'Show `uri` as a QR code, and `secret` to type. It becomes a second factor when a code confirms it within 10 minutes. The login ' +
        'must be younger than 5 minutes, and by a second factor where the user has one.',
      needs: 'access token',
      beforeEnrolment: true,
      success: { status: 201, text: 'What the app needs.', answer: () => factorAnswers().startTotp },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        ...BODY_FAILURES,
        'TOO_MANY_FACTORS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

const idField = text.meta({
  description: 'As the begin of the enrolment has answered.',
  examples: ['pT4h0nVq3mJ8cY1sKxW2Zg'],
});

function confirmEndpoint(services: FactorServices): Endpoint {
  const body = component(
    'AuthTotpConfirmRequest',
    z.strictObject({ id: idField, code: codeField, name: nameField.optional() }, anObject),
  );
  return {
    verb: 'post',
    path: '/factors/totp/confirm',
    chain: [
      ...freshLoginGuards(services, validateBody(body)),
      async (req: Request<object, unknown, TotpConfirmation>, res) => {
        const asker = askerOf(services, req as Request);
        res.json(await confirmTotp(services, req.user as Express.User, req.body, asker));
      },
    ],
    operation: {
      id: 'confirmTotp',
      tag: 'Account',
      summary: 'Confirm an authenticator app with its code',
      description:
        'From now on a login needs it. Ends every other session. With the first second factor come the recovery codes. If the answer ' +
        'gets lost, ask for new ones.',
      needs: 'access token',
      beforeEnrolment: true,
      body: { schema: body, required: true },
      success: { text: 'It is a second factor.', answer: () => factorAnswers().confirmTotp },
      unauthorized: 'TotpConfirmRefused',
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        'INVALID_SECOND_FACTOR',
        ...BODY_FAILURES,
        'TOO_MANY_FACTORS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
