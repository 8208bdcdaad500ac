import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { validationFailed } from '../errors.js';

/** Puts what the schema makes of the body in its place; no body counts as an empty one. */
export function validateBody(schema: z.ZodType): RequestHandler {
  return function validate(req, _res, next) {
    const result = schema.safeParse((req.body as unknown) ?? {});
    if (result.success) {
      req.body = result.data;
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
