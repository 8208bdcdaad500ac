import type { Request } from 'express';
import { z } from 'zod';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../../http/operation.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { messageAnswer } from '../answers.js';
import { addressFields, tokenField } from '../fields.js';
import { askerOf, type Asker } from '../mail-requests.js';
import type { EmailServices } from '../services.js';
import { askChange } from './ask-change.js';
import { confirmChange } from './confirm-change.js';
import { undoChange } from './undo-change.js';

/** /email/change, /email/change/confirm, /email/change/undo */
export function changeEndpoints(services: EmailServices): Endpoint[] {
  return [
    askEndpoint(services),
    tokenEndpoint(services, {
      step: 'confirm',
      summary: 'Confirm the new e-mail address, with the token of a mail',
      description:
        'Logs no one in, and ends no session. The old address gets a mail with a link that puts it back.',
      message: 'addressChanged',
      run: (token, asker) => confirmChange(services, token, asker),
    }),
    tokenEndpoint(services, {
      step: 'undo',
      summary: 'Put the old e-mail address back, with the token of a mail',
      description:
        'Ends every session, makes the password worthless, unlinks the accounts of identity providers, and sends the old address a ' +
        'mail to choose a new password. The undo of the oldest change wins.',
      message: 'addressChangeUndone',
      run: (token, asker) => undoChange(services, token, asker),
    }),
  ];
}

function askEndpoint(services: EmailServices): Endpoint {
  const { config, guard, sameSite, textsFor } = services;
  const { usernameField } = config;
  const body = component(
    'AuthEmailChangeRequest',
    z
      .strictObject({ [usernameField]: addressFields(createFieldSchemas(config)).newAddress }, anObject)
      .transform((parsed) => ({ address: parsed[usernameField] as string })),
  );
  return {
    verb: 'post',
    path: '/email/change',
    chain: [
      sameSite,
      // Who has the address can take over the account, so a session that has just ended may not ask.
      guard({ freshWithin: '5m', checkSession: true }),
      parseBody,
      validateBody(body),
      async (req: Request<object, unknown, z.output<typeof body>>, res) => {
        await askChange(
          services,
          req.user as Express.User,
          req.body.address,
          askerOf(services, req as Request),
        );
        res.status(202).json({ message: textsFor(req as Request, res).addressChangeMailed });
      },
    ],
    operation: {
      id: 'changeEmail',
      tag: 'Account',
      summary: 'Ask to change the e-mail address',
      description:
        'Sends a mail to the new address, which becomes the username when the token of that mail is posted to `/email/change/confirm`. ' +
        'The answer is the same if someone has that address. The login must be younger than 5 minutes.',
      needs: 'access token',
      body: { schema: body, required: true },
      success: { status: 202, text: 'A mail is on its way.', answer: messageAnswer },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        ...BODY_FAILURES,
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

interface TokenStep {
  readonly step: 'confirm' | 'undo';
  readonly summary: string;
  readonly description: string;
  readonly message: 'addressChanged' | 'addressChangeUndone';
  run(token: string, asker: Asker): Promise<void>;
}

function tokenEndpoint(services: EmailServices, step: TokenStep): Endpoint {
  const { sameSite, textsFor } = services;
  const [name, id] =
    step.step === 'confirm'
      ? (['AuthEmailChangeConfirmRequest', 'confirmEmailChange'] as const)
      : (['AuthEmailChangeUndoRequest', 'undoEmailChange'] as const);
  const body = component(name, z.strictObject({ token: tokenField }, anObject));
  return {
    verb: 'post',
    path: `/email/change/${step.step}`,
    chain: [
      sameSite,
      parseBody,
      validateBody(body),
      async (req: Request<object, unknown, z.output<typeof body>>, res) => {
        await step.run(req.body.token, askerOf(services, req as Request));
        res.json({ message: textsFor(req as Request, res)[step.message] });
      },
    ],
    operation: {
      id,
      tag: 'Account',
      summary: step.summary,
      description: step.description,
      needs: 'nothing',
      body: { schema: body, required: true },
      success: { text: 'The address is changed.', answer: messageAnswer },
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
