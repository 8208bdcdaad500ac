import type { RequestHandler } from 'express';
import {
  createEndOtherSessions,
  createEndSession,
  createListSessions,
  type SessionsServices,
} from '../controllers/sessions.js';
import { answerSchemas } from '../http/answer-schemas.js';
import type { BodySchemas } from '../http/body-schemas.js';
import type { Endpoint } from '../http/endpoint.js';
import { GUARD_FAILURES, BODY_FAILURES } from '../http/operation.js';
import type { GuardOptions } from '../middleware/guard-options.js';
import { aroundBody } from '../middleware/around-body.js';
import { validateBody } from '../middleware/validate-body.js';

export interface SessionEndpointServices extends SessionsServices {
  bodies: BodySchemas;
  sameSiteIfCookies: RequestHandler;
  guard: (options?: GuardOptions) => RequestHandler;
}

/** /sessions */
export function sessionEndpoints(services: SessionEndpointServices): Endpoint[] {
  const { bodies, guard, sameSiteIfCookies } = services;
  return [
    {
      verb: 'get',
      path: '/sessions',
      chain: [guard(), createListSessions(services)],
      operation: {
        id: 'listSessions',
        tag: 'Sessions',
        summary: "List the user's sessions",
        description: 'One for each device on which the user is logged in.',
        needs: 'access token',
        success: { text: "The user's sessions.", answer: () => answerSchemas().listSessions },
        failures: [...GUARD_FAILURES, 'SERVICE_UNAVAILABLE'],
      },
    },
    {
      verb: 'delete',
      path: '/sessions/:id',
      chain: [
        sameSiteIfCookies,
        ...aroundBody([guard()], validateBody(bodies.none)),
        createEndSession(services),
      ],
      operation: {
        id: 'endSession',
        tag: 'Sessions',
        summary: 'Log out on one device',
        description:
          "Ends one of the user's sessions. For another user's session the answer is the same as for one that never existed.",
        needs: 'access token',
        parameters: {
          id: {
            description: 'The `id` of a session, as the list has it.',
            example: 'CxtGl3WtrT3w1jHdOM2e7Q',
          },
        },
        success: { text: 'The session has ended.' },
        cookies: { always: false, text: 'Both token cookies, cleared, where it was the session that asks.' },
        failures: [...GUARD_FAILURES, ...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
        notFound: ['SESSION_NOT_FOUND'],
      },
    },
    {
      verb: 'delete',
      path: '/sessions',
      chain: [
        sameSiteIfCookies,
        ...aroundBody([guard()], validateBody(bodies.none)),
        createEndOtherSessions(services),
      ],
      operation: {
        id: 'endOtherSessions',
        tag: 'Sessions',
        summary: 'Log out on all other devices',
        description: 'Ends every session of the user but the one that asks.',
        needs: 'access token',
        success: { text: 'Only this session is left.', answer: () => answerSchemas().endOtherSessions },
        failures: [...GUARD_FAILURES, ...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
      },
    },
  ];
}
