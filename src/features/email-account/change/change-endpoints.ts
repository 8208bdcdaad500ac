import { z } from 'zod';
import { anObject } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { GUARD_FAILURES } from '../../../http/operation.js';
import { messageEndpoint } from '../endpoints.js';
import { addressBody, tokenField } from '../fields.js';
import { hideDuration } from '../../hide-duration.js';
import type { EmailServices } from '../services.js';
import { askChange } from './ask-change.js';
import { confirmChange } from './confirm-change.js';
import { undoChange } from './undo-change.js';

/** /email/change, /email/change/confirm, /email/change/undo */
export function changeEndpoints(services: EmailServices): Endpoint[] {
  return [askEndpoint(services), confirmEndpoint(services), undoEndpoint(services)];
}

function askEndpoint(services: EmailServices): Endpoint {
  return messageEndpoint(services, {
    path: '/email/change',
    // Anyone who has the address can take over the account, so a session that has just ended may not ask.
    guard: services.guard({ freshWithin: '5m', checkSession: true }),
    schema: addressBody('AuthEmailChangeRequest', services.config, 'newAddress'),
    run: ({ body, asker, req }) =>
      hideDuration('change', body.address, () =>
        askChange(services, req.user as Express.User, body.address, asker),
      ),
    message: 'addressChangeMailed',
    operation: {
      id: 'changeEmail',
      summary: 'Ask to change the e-mail address',
      description:
        'Sends a mail to the new address, which becomes the username when the token of that mail is posted to `/email/change/confirm`. ' +
        'The answer is the same if someone has that address. The login must be younger than 5 minutes.',
      needs: 'access token',
      success: { status: 202, text: 'A mail is on its way.' },
      failures: [...GUARD_FAILURES, 'REAUTHENTICATION_REQUIRED'],
    },
  });
}

function confirmEndpoint(services: EmailServices): Endpoint {
  return messageEndpoint(services, {
    path: '/email/change/confirm',
    // A click proves the mailbox and no more. Without this one, a stranger whose link is clicked would give their account the address of
    // someone who then uses it, and could take it back by the undo.
    guard: services.guard({ checkSession: true }),
    schema: component('AuthEmailChangeConfirmRequest', z.strictObject({ token: tokenField }, anObject)),
    run: ({ body, asker, req }) => confirmChange(services, (req.user as Express.User).id, body.token, asker),
    message: 'addressChanged',
    operation: {
      id: 'confirmEmailChange',
      summary: 'Confirm the new e-mail address, with the token of a mail',
      description:
        'Only while its user is logged in, in any browser; the token of another user is refused, and stays good. Ends no session. ' +
        'The old address gets a mail with a link that puts it back.',
      needs: 'access token',
      success: { text: 'The address is changed.' },
      failures: [...GUARD_FAILURES, 'ONE_TIME_TOKEN_INVALID'],
    },
  });
}

function undoEndpoint(services: EmailServices): Endpoint {
  return messageEndpoint(services, {
    path: '/email/change/undo',
    schema: component('AuthEmailChangeUndoRequest', z.strictObject({ token: tokenField }, anObject)),
    run: ({ body, asker }) => undoChange(services, body.token, asker),
    message: 'addressChangeUndone',
    operation: {
      id: 'undoEmailChange',
      summary: 'Put the old e-mail address back, with the token of a mail',
      description:
        'Ends every session, makes the password worthless, and sends the old address a mail to choose a new one. The undo of the ' +
        'oldest change wins.',
      needs: 'nothing',
      success: { text: 'The address is changed.' },
      failures: ['ONE_TIME_TOKEN_INVALID', 'TOO_MANY_ATTEMPTS'],
    },
  });
}
