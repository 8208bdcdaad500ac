import querystring from 'node:querystring';
import cookieParser from 'cookie-parser';
import express, { type Request, type RequestHandler } from 'express';
import { AuthError, type AuthErrorCode } from '../errors.js';
import { en } from '../messages/en.js';
import type { MessageKey } from '../messages/messages.js';

const MAX_BODY_BYTES = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';

const readJson = express.json({ limit: MAX_BODY_BYTES, type: () => true, strict: false });
const readForm = express.urlencoded({ limit: MAX_BODY_BYTES, extended: false });

/** What reads a body of one type from the connection, and what reads one that a parser of the app has kept as text or bytes. */
interface Reader {
  readonly read: RequestHandler;
  /** @throws SyntaxError */
  readonly parse: (text: string) => unknown;
}

const json: Reader = { read: readJson, parse: (text) => JSON.parse(text) as unknown };
const form: Reader = { read: readForm, parse: (text) => ({ ...querystring.parse(text) }) };

/** For a route that reads several cookies. Keeps cookies that the app has parsed already. */
export const parseCookies: RequestHandler = cookieParser();

/** Only JSON, whether or not the app has parsed it already. */
export const parseBody: RequestHandler = parserOf({ 'application/json': json });

/** The body of an HTML form, or JSON. */
export const parseForm: RequestHandler = parserOf({
  [FORM]: form,
  'application/json': json,
});

function parserOf(readers: Record<string, Reader>): RequestHandler {
  const types = Object.keys(readers);
  return function parse(req, res, next) {
    if (!hasBody(req)) {
      // Some parsers and frameworks put null, an empty text or no bytes there.
      if (!hasContent(req.body)) req.body = undefined;
      next();
      return;
    }
    const reader = readers[req.is(types) || ''];
    if (!reader) {
      whenEmpty(req, (isEmpty) => next(isEmpty ? undefined : unsupported(req, types)));
    } else if (
      Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES ||
      textLength(req.body) > MAX_BODY_BYTES
    ) {
      next(new AuthError('PAYLOAD_TOO_LARGE'));
    } else {
      reader.read(req, res, (error: unknown) => {
        next(error === undefined ? parseKept(req, reader) : toAuthError(error, req));
      });
    }
  };
}

/** Says what the route takes. A developer who posts a form to an endpoint for JSON learns what forms are for. */
function unsupported(req: Request, types: readonly string[]): AuthError {
  const isMultipart = Boolean(req.is('multipart/form-data'));
  if (types.includes(FORM)) return inWords(NOT_READ, isMultipart ? 'formNotMultipart' : 'formOrJson');
  return isMultipart || req.is(FORM) ? inWords(NOT_READ, 'formNeedsHandler') : new AuthError(NOT_READ);
}

const NOT_READ = 'UNSUPPORTED_MEDIA_TYPE';

/** An error with a more exact text than that of its code. */
function inWords(code: AuthErrorCode, key: MessageKey, cause?: unknown): AuthError {
  return new AuthError(code, { text: { key, english: en[key] }, ...(cause !== undefined && { cause }) });
}

/** RFC 9112 §6.3 */
function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

/**
 * A body in chunks says only at its end how long it is. Proxies send an empty one for a request without a body, such as nginx with
 * `proxy_request_buffering off`, or one that gets HTTP/2.
 */
function whenEmpty(req: Request, then: (isEmpty: boolean) => void): void {
  if (req.headers['transfer-encoding'] === undefined) then(false);
  else if (req.readableEnded) then(!hasContent(req.body));
  else {
    const onReadable = () => {
      if (req.read() !== null) answer(false);
    };
    const onEnd = () => answer(true);
    const onClose = () => answer(false);
    const answer = (isEmpty: boolean) => {
      req.off('readable', onReadable).off('end', onEnd).off('close', onClose);
      then(isEmpty);
    };
    req.on('readable', onReadable).on('end', onEnd).on('close', onClose);
  }
}

/** Whether a parser of the app has found something. Express 4's give an empty object for nothing. */
function hasContent(body: unknown): boolean {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body.length > 0;
  return typeof body === 'object' && body !== null && Object.keys(body).length > 0;
}

/** `express.raw()` and `express.text()` before the router keep the body as it came. @returns why it can't be read */
function parseKept(req: Request, { parse }: Reader): AuthError | undefined {
  const body: unknown = req.body;
  if (typeof body !== 'string' && !Buffer.isBuffer(body)) return undefined;
  const text = String(body).replace(/^\ufeff/, '');
  // JSON's own text, which express.json({ strict: false }) has read: it is no object, and validation says so.
  if (typeof body === 'string' && !/^\s*[[{]/.test(text) && parse === json.parse) return undefined;
  try {
    req.body = text === '' ? undefined : parse(text);
    return undefined;
  } catch (error) {
    return new AuthError('MALFORMED_BODY', { cause: error });
  }
}

/** Far more than any form has. To write a body as JSON takes a time that grows with the square of its levels: 40 ms for 16 kB of brackets. */
const MAX_LEVELS = 100;

function isDeep(value: unknown, levels = MAX_LEVELS): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeep(each, levels - 1));
}

/** The length of a body that the app has parsed already: it may have come compressed, or in chunks without a declared length. */
function textLength(body: unknown): number {
  if (Buffer.isBuffer(body)) return body.length;
  if (isDeep(body)) return Infinity;
  try {
    return Buffer.byteLength(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));
  } catch {
    return Infinity; // it can't be written as JSON
  }
}

/** By the `type` that body-parser documents for each of its errors. What went wrong while it decompressed has none. */
function toAuthError(error: unknown, req: Request): AuthError {
  switch ((error as { type?: unknown }).type) {
    case 'entity.too.large':
    case 'parameters.too.many':
      return new AuthError('PAYLOAD_TOO_LARGE', { cause: error });
    case 'charset.unsupported':
      return inWords(NOT_READ, 'bodyNotUtf8', error);
    case 'encoding.unsupported':
      return inWords(NOT_READ, 'bodyEncodingUnknown', error);
    case undefined:
      if (isCompressed(req)) return inWords('MALFORMED_BODY', 'bodyEncodingBroken', error);
  }
  return new AuthError('MALFORMED_BODY', { cause: error });
}

function isCompressed({ headers }: Request): boolean {
  return (headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity';
}
