import type { Request } from 'express';
import type { AuthError } from '../errors.js';
import { isPromise } from '../utils/is-promise.js';
import { kindOf } from '../utils/option-words.js';

/**
 * Returns the body of a failure in the app's own shape, at once: what `JSON.stringify` can write. `auth.textOf(error, req)` has the
 * text in the language of the request.
 */
export type ErrorBody = (error: AuthError, req: Request) => unknown;

/** The option `errorBody` with more than its function. */
export interface ErrorBodyOptions {
  body: ErrorBody;
  /** The media type of the body: `'application/problem+json'` for RFC 9457. Default: `'application/json'`. */
  contentType?: string;
  /** A JSON Schema of the body, for the OpenAPI document. Default: one that takes anything. */
  schema?: Readonly<Record<string, unknown>>;
}

/** The option `errorBody`, parsed. */
export interface ErrorBodyConfig {
  readonly body: ErrorBody;
  readonly contentType: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

/** @throws TypeError for a body that can't be sent, and what the app's function throws */
export function ownBodyOf({ body }: ErrorBodyConfig, error: AuthError, req: Request): object {
  const made: unknown = body(error, req);
  if (typeof made === 'object' && made !== null && !isPromise(made)) return made;
  throw new TypeError(
    `errorBody returned ${isPromise(made) ? 'a promise' : kindOf(made)} for ${error.code}: it must return an object at once`,
    { cause: error },
  );
}
