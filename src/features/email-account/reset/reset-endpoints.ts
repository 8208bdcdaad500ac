import { z } from 'zod';
import { anObject, createFieldSchemas } from '../../../http/body-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { messageEndpoint } from '../endpoints.js';
import { addressBody, tokenField } from '../fields.js';
import { hideDuration } from '../../hide-duration.js';
import type { EmailServices } from '../services.js';
import { askReset } from './ask-reset.js';
import { resetPassword } from './reset-password.js';

/** /password/forgot, /password/reset */
export function resetEndpoints(services: EmailServices): Endpoint[] {
  return [forgotEndpoint(services), resetEndpoint(services)];
}

function forgotEndpoint(services: EmailServices): Endpoint {
  return messageEndpoint(services, {
    path: '/password/forgot',
    schema: addressBody('AuthForgotPasswordRequest', services.config, 'address'),
    run: ({ body, asker }) =>
      hideDuration('forgot', body.address, () => askReset(services, body.address, asker)),
    message: 'resetMailed',
    operation: {
      id: 'forgotPassword',
      summary: 'Ask for a mail to choose a new password',
      description: 'The answer is the same whether or not the address has an account.',
      needs: 'nothing',
      success: { status: 202, text: 'If the address has an account, a mail is on its way.' },
      failures: [],
    },
  });
}

function resetEndpoint(services: EmailServices): Endpoint {
  const { newPassword } = createFieldSchemas(services.config);
  return messageEndpoint(services, {
    path: '/password/reset',
    schema: component(
      'AuthResetPasswordRequest',
      z.strictObject({ token: tokenField, newPassword }, anObject),
    ),
    run: ({ body, asker }) => resetPassword(services, body, asker),
    message: 'passwordReset',
    operation: {
      id: 'resetPassword',
      summary: 'Choose a new password, with the token of a mail',
      description:
        'Ends every session of the user, and logs no one in. The token is good once. If the answer gets lost, the same request ' +
        'again finishes what is left.',
      needs: 'nothing',
      success: { text: 'The password is set.' },
      failures: ['ONE_TIME_TOKEN_INVALID', 'TOO_MANY_ATTEMPTS'],
    },
  });
}
