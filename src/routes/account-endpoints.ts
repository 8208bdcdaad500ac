import type { RequestHandler } from 'express';
import { check, info } from '../controllers/info.js';
import {
  createPassword,
  createRepeatedPassword,
  type RepeatedPasswordServices,
} from '../controllers/password.js';
import { createRegister, type RegisterServices } from '../controllers/register.js';
import { answerSchemas } from '../http/answer-schemas.js';
import type { BodySchemas } from '../http/body-schemas.js';
import type { Endpoint } from '../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../http/operation.js';
import type { GuardOptions } from '../middleware/guard-options.js';
import { parseBody, parseForm } from '../middleware/parse-body.js';
import { validateBody } from '../middleware/validate-body.js';
import { validateRegistration } from '../middleware/validate-registration.js';
import type { OnStoreDown } from '../sessions/session-config.js';

export type AccountEndpointServices = RepeatedPasswordServices &
  RegisterServices & {
    config: {
      readonly register: boolean;
      readonly onStoreDown: OnStoreDown;
      readonly appClaims: unknown;
    };
    bodies: BodySchemas;
    sameSiteIfCookies: RequestHandler;
    sameSiteIfCookiesSent: RequestHandler;
    limitRegistrations: RequestHandler;
    guard: (options?: GuardOptions) => RequestHandler;
  };

/** /check, /info, /register, /password */
export function accountEndpoints(services: AccountEndpointServices): Endpoint[] {
  return [
    ...userEndpoints(services),
    passwordEndpoint(services),
    ...(services.config.register ? [registerEndpoint(services)] : []),
  ];
}

function userEndpoints({ config, guard }: AccountEndpointServices): Endpoint[] {
  return [
    {
      verb: 'get',
      path: '/check',
      chain: [guard({ beforeEnrolment: true }), check],
      operation: {
        id: 'check',
        tag: 'User',
        summary: 'See who the access token belongs to',
        description: 'Reads only the token, and queries no database.',
        needs: 'access token',
        beforeEnrolment: true,
        success: {
          text: 'Who is logged in, by the token.',
          answer: () => (config.appClaims ? answerSchemas().checkWithClaims : answerSchemas().check),
        },
        failures: [
          ...GUARD_FAILURES,
          ...(config.onStoreDown === 'deny' ? (['SERVICE_UNAVAILABLE'] as const) : []),
        ],
      },
    },
    {
      verb: 'get',
      path: '/info',
      chain: [guard({ loadUser: true, beforeEnrolment: true }), info],
      operation: {
        id: 'info',
        tag: 'User',
        summary: 'Get the user who is logged in',
        description: 'Reads the user from the store: name and roles are as they are now.',
        needs: 'access token',
        beforeEnrolment: true,
        success: { text: 'Who is logged in, by the store.', answer: () => answerSchemas().info },
        failures: [...GUARD_FAILURES, 'SERVICE_UNAVAILABLE'],
      },
    },
  ];
}

function registerEndpoint(services: AccountEndpointServices): Endpoint {
  const { bodies, config, limitRegistrations, sameSiteIfCookiesSent } = services;
  return {
    verb: 'post',
    path: '/register',
    chain: [
      sameSiteIfCookiesSent,
      parseForm,
      validateRegistration(bodies.register, config.registration.schema, { unknown: 'refuse' }),
      limitRegistrations,
      createRegister(services),
    ],
    operation: {
      id: 'register',
      tag: 'Account',
      summary: 'Register a user',
      description: 'Creates a user with a username and a password, and does not log in.',
      needs: 'nothing',
      body: { schema: bodies.register, required: true, form: true },
      success: { status: 201, text: 'The new user.', answer: () => answerSchemas().register },
      failures: [
        ...BODY_FAILURES,
        'USERNAME_TAKEN',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

function passwordEndpoint(services: AccountEndpointServices): Endpoint {
  const { bodies, guard, sameSiteIfCookies } = services;
  // The store must still have the session, whatever this process knows of it.
  const guardSession = guard({ checkSession: true });
  return {
    verb: 'post',
    path: '/password',
    chain: [
      sameSiteIfCookies,
      createRepeatedPassword(services),
      guardSession,
      parseBody,
      validateBody(bodies.password),
      createPassword(services),
    ],
    operation: {
      id: 'changePassword',
      tag: 'Account',
      summary: 'Change the password',
      description:
        'Ends every session of the user and goes on in a new one, whose tokens leave the way the access token came, as ' +
        'cookies or in the body. If the answer gets lost, the same request with the same `Idempotency-Key` gets the same tokens, ' +
        'within the reuse window of refresh tokens.',
      needs: 'access token',
      idempotencyKey: true,
      body: { schema: bodies.password, required: true },
      success: { text: 'The password is changed.', answer: () => answerSchemas().password },
      cookies: { always: false, text: 'Both token cookies, where the access token came as a cookie.' },
      unauthorized: 'PasswordChangeRefused',
      failures: [
        ...GUARD_FAILURES,
        'INVALID_CREDENTIALS',
        ...BODY_FAILURES,
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
