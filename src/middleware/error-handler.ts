import type { ErrorRequestHandler, Response } from 'express';
import { AUTH_FAILURES, AuthError } from '../errors.js';
import type { Messages } from '../messages/messages.js';
import { ruleText } from '../messages/rule.js';
import type { Services } from '../controllers/services.js';

/** Answers an AuthError with its JSON, in the language of the request; anything unforeseen is the app's error handler's business. */
export function createErrorHandler({
  events,
  textsFor,
}: Pick<Services, 'events' | 'textsFor'>): ErrorRequestHandler {
  return function handleAuthError(error: unknown, req, res, next) {
    if (!(error instanceof AuthError) || res.headersSent) {
      next(error);
      return;
    }
    if (error.code === 'SERVICE_UNAVAILABLE') events.announce('unavailable', () => ({ error }));
    sendAuthError(res, error, textsFor(req, res));
  };
}

function sendAuthError(res: Response, error: AuthError, texts: Messages): void {
  if (error.status === 401) res.set('WWW-Authenticate', challenge(error));
  if (error.retryAfterSeconds !== undefined) res.set('Retry-After', String(error.retryAfterSeconds));
  res.set('Cache-Control', 'no-store').status(error.status).json(bodyIn(texts, error));
}

/** The error's own JSON, in another language. */
function bodyIn(texts: Messages, { code, errors }: AuthError): ReturnType<AuthError['toJSON']> {
  const translated = errors?.map(({ path, message, rule }) => ({
    path,
    message: rule ? ruleText(rule, texts) : message,
  }));
  return { code, message: texts[code], ...(translated && { errors: translated }) };
}

/** RFC 6750 §3: a request that brought no token gets the scheme and no reason. The reason is ASCII, and so English. */
function challenge({ code, message, maxAgeSeconds }: AuthError): string {
  const failure = AUTH_FAILURES[code];
  if (!('challenge' in failure)) return 'Bearer';
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
  return `Bearer error="${failure.challenge}", error_description="${message}"${maxAge}`;
}
