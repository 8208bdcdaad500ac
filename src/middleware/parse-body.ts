import cookieParser from 'cookie-parser';
import express, { type Request, type RequestHandler } from 'express';
import { AuthError } from '../errors.js';

const MAX_BODY_BYTES = 16 * 1024;

const readJson = express.json({ limit: MAX_BODY_BYTES, type: () => true });
const readForm = express.urlencoded({ limit: MAX_BODY_BYTES, extended: false });

/** For a route that reads several cookies. Keeps cookies that the app has parsed already. */
export const parseCookies: RequestHandler = cookieParser();

/** Only JSON, whether or not the app has parsed it already. */
export const parseBody: RequestHandler = parserOf({ 'application/json': readJson });

/** The body of an HTML form, or JSON. */
export const parseForm: RequestHandler = parserOf({
  'application/x-www-form-urlencoded': readForm,
  'application/json': readJson,
});

function parserOf(readers: Record<string, RequestHandler>): RequestHandler {
  const types = Object.keys(readers);
  return function parse(req, res, next) {
    if (!hasBody(req)) {
      next();
      return;
    }
    const read = readers[req.is(types) || ''];
    if (!read) {
      next(new AuthError('UNSUPPORTED_MEDIA_TYPE'));
    } else if (
      Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES ||
      textLength(req.body) > MAX_BODY_BYTES
    ) {
      next(new AuthError('PAYLOAD_TOO_LARGE'));
    } else {
      read(req, res, (error: unknown) => next(error === undefined ? undefined : toAuthError(error)));
    }
  };
}

/** RFC 9112 §6.3 */
function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/** The length of a body that the app has parsed already: it may have come compressed, or in chunks without a declared length. */
function textLength(body: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(body) ?? '');
  } catch {
    return Infinity; // nested too deeply to be written
  }
}

/** By the `type` that body-parser documents for each of its errors. */
function toAuthError(error: unknown): AuthError {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
      return new AuthError('PAYLOAD_TOO_LARGE', { cause: error });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new AuthError('UNSUPPORTED_MEDIA_TYPE', { cause: error });
    default:
      return new AuthError('MALFORMED_BODY', { cause: error });
  }
}
