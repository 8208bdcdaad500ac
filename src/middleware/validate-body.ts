import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { validationFailed } from '../errors.js';

/** Puts what the schema makes of the body in its place; no body counts as an empty one. */
export function validateBody(schema: z.ZodType): RequestHandler {
  const ofNothing = schema.safeParse({});
  return function validate(req, _res, next) {
    const body = (req.body ?? undefined) as unknown;
    const result = body === undefined ? ofNothing : schema.safeParse(body);
    if (result.success) {
      // A copy: an app may change its bodies.
      req.body = { ...(result.data as object) };
      next();
    } else {
      const errors = result.error.issues.map(({ path, message }) => ({
        path: path.length > 0 ? path.join('.') : 'body',
        message,
      }));
      next(validationFailed(...errors));
    }
  };
}
