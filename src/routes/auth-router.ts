import { Router, type RequestHandler } from 'express';
import { createServeOpenApi } from '../controllers/openapi.js';
import { nameOf, type Endpoint } from '../http/endpoint.js';
import { createErrorHandler, type ErrorHandlerServices } from '../middleware/error-handler.js';
import { inSequence, refuseUndecodableId } from '../middleware/express-gaps.js';
import { noStore } from '../middleware/method-and-cache.js';
import type { DescribeEndpoints } from '../openapi/create-openapi.js';
import { withFixedPaths, type FixedPath, type FixedPaths } from './fixed-paths.js';

type Route = Pick<Endpoint, 'verb' | 'path' | 'chain'>;

/**
 * Serves these endpoints, and with `openapi` their description.
 * @throws TypeError when two endpoints have the same verb and path
 */
export function createAuthRouter(
  endpoints: readonly Endpoint[],
  openapi: DescribeEndpoints | undefined,
  services: ErrorHandlerServices,
): Router {
  const router = Router();
  const handleError = createErrorHandler(services);
  const fixedPaths: FixedPaths = new Map();
  const names = new Set<string>();
  const description: Route[] = openapi
    ? [{ verb: 'get', path: '/openapi.json', chain: [createServeOpenApi(openapi)] }]
    : [];
  for (const { verb, path, chain } of [...endpoints, ...description]) {
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
