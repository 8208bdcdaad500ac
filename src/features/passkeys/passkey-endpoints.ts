import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { AuthError } from '../../errors.js';
import { anObject } from '../../http/body-schemas.js';
import { component } from '../../http/component.js';
import type { Endpoint } from '../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../http/operation.js';
import { aroundBody } from '../../middleware/around-body.js';
import { validateBody } from '../../middleware/validate-body.js';
import { askerOf } from '../asker.js';
import { freshFactorGuards } from '../fresh-login.js';
import { nameField } from '../name-field.js';
import { removePasskey } from '../remove-passkey.js';
import { passkeyAnswers, shownPasskey } from './answers.js';
import type { PasskeyServices } from './services.js';

const ID = {
  description: 'The `id` of a passkey, as the list has it.',
  example: 'h8Gq0bX2cW5vRkYpTtA3Zg',
};

/** GET /passkeys, PATCH /passkeys/:id, DELETE /passkeys/:id */
export function passkeyEndpoints(services: PasskeyServices): Endpoint[] {
  return [listEndpoint(services), renameEndpoint(services), removeEndpoint(services)];
}

function listEndpoint({ guard, passkeys }: PasskeyServices): Endpoint {
  const list: RequestHandler = async (req, res) => {
    const found = await passkeys.of((req.user as Express.User).id);
    res.json({ passkeys: found.map(shownPasskey) });
  };
  return {
    verb: 'get',
    path: '/passkeys',
    chain: [guard({ beforeEnrolment: true }), list],
    operation: {
      id: 'listPasskeys',
      tag: 'Account',
      summary: "List the user's passkeys",
      description: '`backedUp` tells which of them a lost device takes along.',
      needs: 'access token',
      beforeEnrolment: true,
      success: { text: 'The passkeys.', answer: () => passkeyAnswers().list },
      failures: [...GUARD_FAILURES, 'SERVICE_UNAVAILABLE'],
    },
  };
}

function renameEndpoint(services: PasskeyServices): Endpoint {
  const { events, guard, passkeys, sameSite } = services;
  const body = component('AuthRenamePasskeyRequest', z.strictObject({ name: nameField }, anObject));
  return {
    verb: 'patch',
    path: '/passkeys/:id',
    chain: [
      sameSite,
      ...aroundBody([guard({ beforeEnrolment: true })], validateBody(body)),
      async (req: Request<{ id: string }, unknown, { name: string }>, res) => {
        const { origin } = askerOf(services, req as Request);
        const { id: userId, sessionId } = req.user as Express.User;
        const { name } = req.body;
        const { id } = req.params;
        const changed = await passkeys.change(userId, id, (data) =>
          data.name === name ? undefined : { ...data, name },
        );
        if (!changed) throw new AuthError('PASSKEY_NOT_FOUND');
        const { before, after } = changed;
        if (before.data.name !== name)
          events.announce('passkeyRenamed', () => ({ userId, sessionId, passkeyId: id, ...origin }));
        res.json({ passkey: shownPasskey({ ...before, data: after }) });
      },
    ],
    operation: {
      id: 'renamePasskey',
      tag: 'Account',
      summary: 'Rename a passkey',
      description: 'The name is for the user only.',
      needs: 'access token',
      beforeEnrolment: true,
      parameters: { id: ID },
      body: { schema: body, required: true },
      success: { text: 'It has the new name.', answer: () => passkeyAnswers().renamed },
      failures: [
        ...GUARD_FAILURES,
        ...BODY_FAILURES,
        'PASSKEY_NOT_FOUND',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function removeEndpoint(services: PasskeyServices): Endpoint {
  return {
    verb: 'delete',
    path: '/passkeys/:id',
    chain: [
      ...freshFactorGuards(services, validateBody(services.bodies.none)),
      async (req: Request<{ id: string }>, res) => {
        const asker = askerOf(services, req);
        if (!(await removePasskey(services, req.user as Express.User, req.params.id, asker)))
          throw new AuthError('PASSKEY_NOT_FOUND');
        res.status(204).end();
      },
    ],
    operation: {
      id: 'removePasskey',
      tag: 'Account',
      summary: 'Remove a passkey',
      description:
        'Ends every other session. The login must be younger than 5 minutes, and by a second factor where the feature `secondFactor` is ' +
        'on. Refused if nothing else logs the user in.',
      needs: 'access token',
      beforeEnrolment: true,
      parameters: { id: ID },
      success: { text: 'It logs no one in any more.' },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        ...BODY_FAILURES,
        'PASSKEY_NOT_FOUND',
        'LAST_WAY_IN',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
