import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AuthError } from '../errors.js';

/** Express gives up on `/sessions/%ff` before any handler sees it; no session has such an id. */
export const refuseUndecodableId: ErrorRequestHandler = function (error: unknown, _req, _res, next) {
  const { name, status } = error as { name?: unknown; status?: unknown };
  const undecodable = name === 'URIError' && status === 400;
  next(undecodable ? new AuthError('SESSION_NOT_FOUND', { status: 404, cause: error }) : error);
};

/** Express 5 does this by itself; Express 4 would leave the request hanging. */
export function forwardRejection(handler: RequestHandler): RequestHandler {
  return function (req, res, next) {
    const returned: unknown = handler(req, res, next);
    if (returned instanceof Promise) returned.catch(next);
  };
}
