import type { ErrorRequestHandler, RequestHandler, Router } from 'express';

/** The handlers of paths without parameters, by path and then by method. A key of both would have to be made for each request. */
export type FixedPaths = Map<string, Map<string, FixedPath>>;

export interface FixedPath {
  handler: RequestHandler;
  route: object;
}

/**
 * The router with a shortcut: finding its way through a mounted router costs a refresh as much as its signatures do, so a
 * request that names a fixed path to the letter goes straight to its handler. Every other request (another case, a slash or a
 * query at the end, HEAD, OPTIONS) takes Express's way.
 */
export function withFixedPaths(
  router: Router,
  fixedPaths: FixedPaths,
  handleError: ErrorRequestHandler,
): Router {
  const shortcut: RequestHandler = (req, res, next) => {
    const found = fixedPaths.get(req.url)?.get(req.method);
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
  // Still a router: an app may add to it.
  return Object.setPrototypeOf(shortcut, router) as Router;
}
