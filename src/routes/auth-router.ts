import { Router, type RequestHandler } from 'express';
import { check, info } from '../controllers/info.js';
import { createLogin } from '../controllers/login.js';
import { createLogout, createLogoutAll } from '../controllers/logout.js';
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
import type { Services } from '../services.js';
import { createBodySchemas } from '../controllers/body-schemas.js';

type Route = [verb: 'get' | 'post' | 'delete', path: string, ...chain: RequestHandler<never>[]];

/** The HTTP contract as a table: verb, path, what a request passes through, who answers. */
export function createAuthRouter(services: Services): Router {
  const { config, guard, limits } = services;
  const body = createBodySchemas(config);
  const sameSite = createSameSite(config.trustedOrigins);
  const refresh = [parseBody, validateBody(body.refresh), createRefresh(services)];
  const logout = [parseCookies, parseBody, validateBody(body.refresh), createLogout(services)];
  // The session that a new password is for must still stand, whatever this process has heard of it.
  const guardSession = guard({ checkSession: true });

  const routes: Route[] = [
    // First, because it is asked most.
    ['post', '/refresh', sameSite, ...refresh],
    ['post', '/login', sameSite, parseBody, validateBody(body.login), createLogin(services)],
    ['get', '/check', guard(), check],
    ['get', '/info', guard({ loadUser: true }), info],
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
  if (config.register) {
    const register = [validateBody(body.register), limits.register, createRegister(services)];
    routes.push(['post', '/register', sameSite, parseBody, ...register]);
  }
  if (config.getAliases) {
    routes.push(['get', '/refresh', refuseHead, sameSite, ...refresh]);
    routes.push(['get', '/logout', refuseHead, sameSite, ...logout]);
  }

  const router = Router();
  for (const [verb, path, ...chain] of routes) {
    router[verb](path, inSequence([noStore, ...(chain as RequestHandler[])]));
  }
  router.use(refuseUndecodableId, createErrorHandler(services.events));
  return router;
}
