import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { refusedField, validationFailed, type FieldError } from '../errors.js';
import { ruleOf } from '../messages/rule.js';

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
      next(validationFailed(...result.error.issues.map(toFieldError)));
    }
  };
}

/** What is wrong with a field, from what zod says. */
export function toFieldError({ path: members, message }: z.core.$ZodIssue): FieldError {
  const path = members.length > 0 ? members.join('.') : 'body';
  const rule = ruleOf(message);
  return rule ? refusedField(path, rule) : { path, message };
}
