import type { ErrorRequestHandler, Response } from 'express';
import { AUTH_FAILURES, AuthError } from '../errors.js';
import type { AuthEvents } from '../events.js';

/** Answers an AuthError with its JSON; anything unforeseen is the app's error handler's business. */
export function createErrorHandler(events: AuthEvents): ErrorRequestHandler {
  return function handleAuthError(error: unknown, _req, res, next) {
    if (!(error instanceof AuthError) || res.headersSent) {
      next(error);
      return;
    }
    if (error.code === 'SERVICE_UNAVAILABLE') events.announce('unavailable', () => ({ error }));
    sendAuthError(res, error);
  };
}

function sendAuthError(res: Response, error: AuthError): void {
  if (error.status === 401) res.set('WWW-Authenticate', challenge(error));
  if (error.retryAfterSeconds !== undefined) res.set('Retry-After', String(error.retryAfterSeconds));
  res.set('Cache-Control', 'no-store').status(error.status).json(error);
}

/** RFC 6750 §3: a request that brought no token gets the scheme and no reason. */
function challenge({ code, message, maxAgeSeconds }: AuthError): string {
  const failure = AUTH_FAILURES[code];
  if (!('challenge' in failure)) return 'Bearer';
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
  return `Bearer error="${failure.challenge}", error_description="${message}"${maxAge}`;
}
