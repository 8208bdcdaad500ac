import type { RequestHandler } from 'express';
import { createLogin, type LoginServices } from '../controllers/login.js';
import { createLogout, createLogoutAll, type LogoutServices } from '../controllers/logout.js';
import { createRefresh, type RefreshServices } from '../controllers/refresh.js';
import { answerSchemas } from '../http/answer-schemas.js';
import type { BodySchemas } from '../http/body-schemas.js';
import type { Endpoint } from '../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES, type Operation } from '../http/operation.js';
import type { GuardOptions } from '../middleware/guard-options.js';
import { refuseHead } from '../middleware/method-and-cache.js';
import { aroundBody } from '../middleware/around-body.js';
import { parseBody, parseCookies } from '../middleware/parse-body.js';
import { validateBody } from '../middleware/validate-body.js';

/** A page of another site can neither use the cookies nor take them away. */
const CLEARED = 'Both token cookies, cleared; unless the request is from another site and brought none.';

export type LoginEndpointServices = LoginServices &
  RefreshServices &
  LogoutServices & {
    config: { readonly login: boolean; readonly getAliases: boolean };
    bodies: BodySchemas;
    sameSiteIfCookies: RequestHandler;
    guard: (options?: GuardOptions) => RequestHandler;
  };

/** /login, /refresh, /logout, /logout-all */
export function loginEndpoints(services: LoginEndpointServices): Endpoint[] {
  const { login, getAliases } = services.config;
  const refresh = refreshEndpoints(services);
  const logout = logoutEndpoints(services);
  return [
    ...(login ? [loginEndpoint(services)] : []),
    refresh.post,
    logout.post,
    logoutAllEndpoint(services),
    ...(getAliases ? [refresh.get, logout.get] : []),
  ];
}

function loginEndpoint(services: LoginEndpointServices): Endpoint {
  const { bodies, sameSiteIfCookies } = services;
  return {
    verb: 'post',
    path: '/login',
    chain: [sameSiteIfCookies, parseBody, validateBody(bodies.login), createLogin(services)],
    operation: {
      id: 'login',
      tag: 'Login',
      summary: 'Log in',
      description:
        'Starts a session. The tokens come as cookies, or in the body for a client that asks with `transport: "body"`.',
      needs: 'nothing',
      body: { schema: bodies.login, required: true },
      success: { text: 'The user is logged in.', answer: () => answerSchemas().login },
      cookies: { always: false, text: 'Both token cookies, unless `transport` is `body`.' },
      startsSession: true,
      failures: [
        ...BODY_FAILURES,
        'INVALID_CREDENTIALS',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

/** GET is for clients that can't POST. */
function refreshEndpoints(services: LoginEndpointServices): { post: Endpoint; get: Endpoint } {
  const { bodies, sameSiteIfCookies } = services;
  const chain = [parseBody, validateBody(bodies.refresh), createRefresh(services)];
  const operation = {
    tag: 'Login',
    needs: 'refresh token',
    idempotencyKey: true,
    success: { text: 'The next pair of tokens.', answer: () => answerSchemas().refresh },
    cookies: { always: false, text: 'Both token cookies, where the refresh token came as a cookie.' },
    failures: [
      ...BODY_FAILURES,
      'NO_REFRESH_TOKEN',
      'REFRESH_TOKEN_EXPIRED',
      'REFRESH_TOKEN_INVALID',
      'SESSION_NOT_FOUND',
      'REFRESH_TOKEN_REUSED',
      'CROSS_SITE_REQUEST',
      'SERVICE_UNAVAILABLE',
    ],
    unauthorized: 'RefreshRefused',
    unauthorizedClearsCookies: true,
  } satisfies Partial<Operation>;
  return {
    post: {
      verb: 'post',
      path: '/refresh',
      chain: [sameSiteIfCookies, ...chain],
      operation: {
        id: 'refresh',
        summary: 'Exchange the refresh token for the next pair of tokens',
        description:
          'Call it when an access token has expired. The tokens leave the way the refresh token came: as cookies, or in the body. ' +
          'A refresh token that comes back after it was exchanged ends its session, because it may have been stolen.',
        body: { schema: bodies.refresh, required: false },
        ...operation,
      },
    },
    get: {
      verb: 'get',
      path: '/refresh',
      chain: [refuseHead, sameSiteIfCookies, ...chain],
      operation: {
        id: 'refreshByGet',
        summary: 'Exchange the refresh cookie for the next pair of tokens',
        description: 'POST /refresh for clients that can only GET. Prefer POST.',
        ...operation,
      },
    },
  };
}

function logoutEndpoints(services: LoginEndpointServices): { post: Endpoint; get: Endpoint } {
  const { bodies, sameSiteIfCookies } = services;
  const chain = [parseCookies, parseBody, validateBody(bodies.refresh), createLogout(services)];
  const operation = {
    tag: 'Login',
    needs: 'any token',
    success: { text: 'No one is logged in any more.', answer: () => answerSchemas().logout },
    cookies: { always: false, text: CLEARED },
    failures: [...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
  } satisfies Partial<Operation>;
  return {
    post: {
      verb: 'post',
      path: '/logout',
      chain: [sameSiteIfCookies, ...chain],
      operation: {
        id: 'logout',
        summary: 'Log out on this device',
        description:
          'Ends the session that the refresh token names, or else the access token. Works with expired tokens, and with none.',
        body: { schema: bodies.refresh, required: false },
        ...operation,
      },
    },
    get: {
      verb: 'get',
      path: '/logout',
      chain: [refuseHead, sameSiteIfCookies, ...chain],
      operation: {
        id: 'logoutByGet',
        summary: 'Log out on this device, by a link',
        description: 'POST /logout for clients that can only GET. Prefer POST.',
        ...operation,
      },
    },
  };
}

function logoutAllEndpoint(services: LoginEndpointServices): Endpoint {
  const { bodies, guard, sameSiteIfCookies } = services;
  return {
    verb: 'post',
    path: '/logout-all',
    chain: [
      sameSiteIfCookies,
      ...aroundBody([guard({ beforeEnrolment: true })], validateBody(bodies.none)),
      createLogoutAll(services),
    ],
    operation: {
      id: 'logoutAll',
      tag: 'Login',
      summary: 'Log out on all devices',
      description:
        'Ends every session of the user, this one included. After a 503 it may have ended only the others: the same request again finishes it.',
      needs: 'access token',
      beforeEnrolment: true,
      success: { text: 'No session is left.', answer: () => answerSchemas().logoutAll },
      cookies: { always: false, text: CLEARED },
      failures: [...GUARD_FAILURES, ...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}
