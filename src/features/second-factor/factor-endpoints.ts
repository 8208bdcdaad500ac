import type { Request, RequestHandler } from 'express';
import { AuthError } from '../../errors.js';
import type { Endpoint } from '../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../http/operation.js';
import { validateBody } from '../../middleware/validate-body.js';
import { askerOf } from '../asker.js';
import { freshFactorGuards } from '../fresh-login.js';
import { ownUser } from '../own-user.js';
import { factorAnswers } from './answers.js';
import { assertMayChange } from './may-change.js';
import { removeFactor } from './remove-factor.js';
import { type FactorServices } from './services.js';

/** GET /factors, POST /factors/recovery-codes, DELETE /factors/:id */
export function factorEndpoints(services: FactorServices): Endpoint[] {
  return [listEndpoint(services), renewEndpoint(services), removeEndpoint(services)];
}

function listEndpoint({ factors, guard }: FactorServices): Endpoint {
  const list: RequestHandler = async (req, res) => {
    const { listed, recoveryCodesLeft } = await factors.of((req.user as Express.User).id);
    res.json({ factors: listed, recoveryCodesLeft });
  };
  return {
    verb: 'get',
    path: '/factors',
    chain: [guard({ beforeEnrolment: true }), list],
    operation: {
      id: 'listFactors',
      tag: 'Account',
      summary: "List the user's second factors",
      description: 'And how many recovery codes are left.',
      needs: 'access token',
      beforeEnrolment: true,
      success: { text: 'The second factors.', answer: () => factorAnswers().list },
      failures: [...GUARD_FAILURES, 'SERVICE_UNAVAILABLE'],
    },
  };
}

function removeEndpoint(services: FactorServices): Endpoint {
  return {
    verb: 'delete',
    path: '/factors/:id',
    chain: [
      ...freshFactorGuards(services, validateBody(services.bodies.none)),
      async (req: Request<{ id: string }>, res) => {
        const asker = askerOf(services, req);
        await removeFactor(services, req.user as Express.User, req.params.id, asker);
        res.status(204).end();
      },
    ],
    operation: {
      id: 'removeFactor',
      tag: 'Account',
      summary: 'Remove a second factor',
      description:
        'Ends every other session. The recovery codes go with the last second factor. The login must be younger than 5 minutes, and ' +
        'by a second factor.',
      needs: 'access token',
      beforeEnrolment: true,
      parameters: {
        id: {
          description: 'The `id` of a second factor, as the list has it.',
          example: 'pT4h0nVq3mJ8cY1sKxW2Zg',
        },
      },
      success: { text: 'It is no second factor any more.' },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        ...BODY_FAILURES,
        'FACTOR_NOT_FOUND',
        'LAST_WAY_IN',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function renewEndpoint(services: FactorServices): Endpoint {
  const { bodies, config, events, factors, notify, sessions } = services;
  const renew: RequestHandler = async (req, res) => {
    const { locale, origin } = askerOf(services, req);
    const owner = req.user as Express.User;
    const { id: userId, sessionId } = owner;
    const user = await ownUser(config.users, userId);
    const recoveryCodes = await factors.renewRecoveryCodes(
      userId,
      () => assertMayChange(owner),
      async () => {
        // It may have ended since the guards let it pass.
        if (!(await sessions.find(userId, sessionId))) throw new AuthError('SESSION_REVOKED');
      },
    );
    events.announce('recoveryCodesRenewed', () => ({ userId, sessionId, ...origin }));
    notify({ kind: 'recovery-codes-renewed', user, locale });
    res.json({ recoveryCodes });
  };
  return {
    verb: 'post',
    path: '/factors/recovery-codes',
    chain: [...freshFactorGuards(services, validateBody(bodies.none)), renew],
    operation: {
      id: 'renewRecoveryCodes',
      tag: 'Account',
      summary: 'Get new recovery codes',
      description:
        'The old ones are no good any more. The login must be younger than 5 minutes, and by a second factor. A user without a second ' +
        'factor has no recovery codes.',
      needs: 'access token',
      beforeEnrolment: true,
      success: { text: 'The new recovery codes.', answer: () => factorAnswers().renewRecoveryCodes },
      failures: [
        ...GUARD_FAILURES,
        'REAUTHENTICATION_REQUIRED',
        ...BODY_FAILURES,
        'FACTOR_NOT_FOUND',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
