import { Router, type RequestHandler } from 'express';
import { nameOf, type Endpoint } from '../http/endpoint.js';
import { createErrorHandler, type ErrorHandlerServices } from '../middleware/error-handler.js';
import { inSequence, refuseUndecodableId } from '../middleware/express-gaps.js';
import { noStore } from '../middleware/method-and-cache.js';
import { withFixedPaths, type FixedPath, type FixedPaths } from './fixed-paths.js';

/**
 * Serves these endpoints.
 * @throws TypeError when two endpoints have the same verb and path
 */
export function createAuthRouter(endpoints: readonly Endpoint[], services: ErrorHandlerServices): Router {
  const router = Router();
  const handleError = createErrorHandler(services);
  const fixedPaths: FixedPaths = new Map();
  const names = new Set<string>();
  for (const { verb, path, chain } of endpoints) {
    const name = nameOf({ verb, path });
    if (names.has(name)) throw new TypeError(`There are two endpoints ${name}`);
    names.add(name);
    const handler = inSequence([noStore, ...(chain as readonly RequestHandler[])]);
    const route = router.route(path)[verb](handler);
    if (path.includes(':')) continue;
    const methods = fixedPaths.get(path) ?? new Map<string, FixedPath>();
    fixedPaths.set(path, methods.set(verb.toUpperCase(), { handler, route }));
  }
  router.use(refuseUndecodableId, handleError);
  return withFixedPaths(router, fixedPaths, handleError);
}
