import type { ErrorRequestHandler, Response } from 'express';
import { AuthError, failureOf, type AuthErrorBody } from '../errors.js';
import { announceOutage } from '../events/announce-outage.js';
import type { AuthEvents } from '../events/auth-events.js';
import { ownBodyOf, type ErrorBodyConfig } from '../http/error-body.js';
import { canAnswer, sendJson } from '../http/outside-express.js';
import type { TextsFor } from '../http/texts-for.js';
import type { Messages } from '../messages/messages.js';
import { errorText, fieldText } from '../messages/rule.js';
import { asError } from '../utils/as-error.js';

export interface ErrorHandlerServices {
  events: AuthEvents;
  textsFor: TextsFor;
  config: { readonly errorBody: ErrorBodyConfig | undefined };
}

/**
 * Answers an AuthError with its JSON in the language of the request, or in the app's own shape. Any other error goes to the app's
 * error handler, and so does every error where there is no response to answer with.
 */
export function createErrorHandler(services: ErrorHandlerServices): ErrorRequestHandler {
  const { events, textsFor, config } = services;
  const { errorBody } = config;
  return function handleAuthError(error: unknown, req, res, next) {
    if (!(error instanceof AuthError) || res?.headersSent) {
      next(asError(error));
      return;
    }
    announceOutage(events, error);
    if (!canAnswer(res)) {
      next(error);
      return;
    }
    let body: object;
    try {
      body = errorBody ? ownBodyOf(errorBody, error, req) : bodyIn(textsFor(req, res), error);
    } catch (thrown) {
      next(asError(thrown));
      return;
    }
    setHeaders(res, error);
    sendJson(res, error.status, body, errorBody?.contentType);
  };
}

function setHeaders(res: Response, error: AuthError): void {
  if (error.status === 401) res.setHeader('WWW-Authenticate', challengeOf(error));
  if (error.retryAfterSeconds !== undefined) res.setHeader('Retry-After', String(error.retryAfterSeconds));
  res.setHeader('Cache-Control', 'no-store');
}

/** The error's own JSON, in another language. */
function bodyIn(texts: Messages, error: AuthError): AuthErrorBody {
  const errors = error.errors?.map((field) => ({ path: field.path, message: fieldText(field, texts) }));
  return { ...error.toJSON(), message: errorText(error, texts), ...(errors && { errors }) };
}

/** RFC 6750 §3: a request without a token gets the scheme and no reason. The reason must be ASCII, so it is English. */
function challengeOf(error: AuthError): string {
  const { challenge } = failureOf(error);
  if (challenge === undefined) return 'Bearer';
  const { acrValues, maxAgeSeconds } = error;
  const acr = acrValues === undefined ? '' : `, acr_values="${acrValues.join(' ')}"`;
  const maxAge = maxAgeSeconds === undefined ? '' : `, max_age="${maxAgeSeconds}"`;
  return `Bearer error="${challenge}", error_description="${error.message}"${acr}${maxAge}`;
}
