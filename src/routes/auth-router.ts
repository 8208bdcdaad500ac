import { Router, type ErrorRequestHandler, type IRoute, type RequestHandler } from 'express';
import { check, info } from '../controllers/info.js';
import { createLogin } from '../controllers/login.js';
import { createLogout, createLogoutAll } from '../controllers/logout.js';
import { createServeOpenApi } from '../controllers/openapi.js';
import { createPassword } from '../controllers/password.js';
import { createRefresh } from '../controllers/refresh.js';
import { createRegister } from '../controllers/register.js';
import { createEndOtherSessions, createEndSession, createListSessions } from '../controllers/sessions.js';
import { createErrorHandler } from '../middleware/error-handler.js';
import { inSequence, refuseUndecodableId } from '../middleware/express-gaps.js';
import { noStore, refuseHead } from '../middleware/method-and-cache.js';
import { parseBody, parseCookies } from '../middleware/parse-body.js';
import { createSameSite } from '../middleware/same-site.js';
import { validateBody } from '../middleware/validate-body.js';
import { createOpenApi, type DescribeEndpoints } from '../openapi/create-openapi.js';
import type { Services } from '../controllers/services.js';
import { createBodySchemas } from '../http/body-schemas.js';

type Route = [verb: 'get' | 'post' | 'delete', path: string, ...chain: RequestHandler<never>[]];

export interface AuthRouter {
  router: Router;
  /** Describes the table below. */
  openapi: DescribeEndpoints;
}

/** The HTTP contract as a table: verb, path, what a request passes through, who answers. */
export function createAuthRouter(services: Services): AuthRouter {
  const { config, guard, limits } = services;
  const body = createBodySchemas(config);
  const sameSite = createSameSite(config.trustedOrigins, services.events);
  const refresh = [parseBody, validateBody(body.refresh), createRefresh(services)];
  const logout = [parseCookies, parseBody, validateBody(body.refresh), createLogout(services)];
  // The session that a new password is for must still stand, whatever this process has heard of it.
  const guardSession = guard({ checkSession: true });

  const routes: Route[] = [
    ['get', '/check', guard(), check],
    ['get', '/info', guard({ loadUser: true }), info],
    ['post', '/refresh', sameSite, ...refresh],
    ['post', '/logout', sameSite, ...logout],
    ['post', '/logout-all', sameSite, guard(), parseBody, createLogoutAll(services)],
    ['get', '/sessions', guard(), createListSessions(services)],
    ['delete', '/sessions/:id', sameSite, guard(), parseBody, createEndSession(services)],
    ['delete', '/sessions', sameSite, guard(), parseBody, createEndOtherSessions(services)],
    [
      'post',
      '/password',
      sameSite,
      guardSession,
      parseBody,
      validateBody(body.password),
      createPassword(services),
    ],
  ];
  if (config.login)
    routes.push(['post', '/login', sameSite, parseBody, validateBody(body.login), createLogin(services)]);
  if (config.register) {
    const register = [validateBody(body.register), limits.register, createRegister(services)];
    routes.push(['post', '/register', sameSite, parseBody, ...register]);
  }
  if (config.getAliases) {
    routes.push(['get', '/refresh', refuseHead, sameSite, ...refresh]);
    routes.push(['get', '/logout', refuseHead, sameSite, ...logout]);
  }

  const openapi = createOpenApi(config, body, [...routes]);
  if (config.openapi.served) routes.push(['get', '/openapi.json', createServeOpenApi(openapi)]);

  const router = Router();
  const handleError = createErrorHandler(services);
  const fixedPaths: FixedPaths = new Map();
  for (const [verb, path, ...chain] of routes) {
    const handler = inSequence([noStore, ...(chain as RequestHandler[])]);
    const route = router.route(path)[verb](handler);
    if (!path.includes(':')) fixedPaths.set(`${verb.toUpperCase()} ${path}`, { handler, route });
  }
  router.use(refuseUndecodableId, handleError);
  return { router: lookedUp(router, fixedPaths, handleError), openapi };
}

type FixedPaths = Map<string, { handler: RequestHandler; route: IRoute }>;

/**
 * Finding its way through a mounted router costs a refresh as much as its signatures do, so that a path that is fixed to the
 * letter is looked up. Every other request (another case, a slash or a query behind it, HEAD, OPTIONS) goes Express's way.
 */
function lookedUp(router: Router, fixedPaths: FixedPaths, handleError: ErrorRequestHandler): Router {
  const lookUp: RequestHandler = (req, res, next) => {
    const found = fixedPaths.get(`${req.method} ${req.url}`);
    if (!found) {
      router(req, res, next);
      return;
    }
    req.route = found.route;
    found.handler(req, res, (error?: unknown) => {
      if (error === undefined) next();
      else handleError(error, req, res, next);
    });
  };
  // Still a router, for whoever adds to it.
  return Object.setPrototypeOf(lookUp, router) as Router;
}
