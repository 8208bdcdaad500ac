import type { ErrorRequestHandler, RequestHandler } from 'express';
import { AuthError, type AuthErrorCode } from '../errors.js';
import { asError } from '../utils/as-error.js';
import { catchingNext } from '../utils/call-catching.js';
import { isPromise } from '../utils/is-promise.js';

const NOT_FOUND: Readonly<Record<string, AuthErrorCode>> = {
  factors: 'FACTOR_NOT_FOUND',
  'trusted-devices': 'DEVICE_NOT_FOUND',
};

/** Express refuses `/sessions/%ff` before any handler sees it. No session, factor or device has such an id. */
export const refuseUndecodableId: ErrorRequestHandler = function (error: unknown, req, _res, next) {
  const { name, status } = error as { name?: unknown; status?: unknown };
  const undecodable = name === 'URIError' && status === 400;
  const [, folder = ''] = req.path.toLowerCase().split('/');
  const code = NOT_FOUND[folder] ?? 'SESSION_NOT_FOUND';
  next(undecodable ? new AuthError(code, { status: 404, cause: error }) : error);
};

/**
 * The chain of a route as one handler. Its rejections go to `next`, which Express 5 does by itself and Express 4 doesn't. A layer
 * of Express for each link would cost a refresh as much as its signatures do.
 */
export function inSequence(chain: readonly RequestHandler[]): RequestHandler {
  return function (req, res, done) {
    let link = 0;
    const next = (error?: unknown) => {
      const handler = error === undefined ? chain[link] : undefined;
      link += 1;
      if (!handler) {
        done(error);
        return;
      }
      try {
        const returned: unknown = handler(req, res, next);
        if (isPromise(returned))
          returned.then(undefined, (thrown: unknown) => catchingNext(done)(asError(thrown)));
      } catch (thrown) {
        done(asError(thrown));
      }
    };
    next();
  };
}
