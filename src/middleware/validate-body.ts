import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { validationFailed, type FieldError } from '../errors.js';
import { refusedField, ruleOf } from '../messages/rule.js';

/** Replaces the body with the output of the schema. No body counts as an empty one. */
export function validateBody(schema: z.ZodType): RequestHandler {
  const emptyBody = schema.safeParse({});
  return function validate(req, _res, next) {
    const body = req.body as unknown;
    const result = body === undefined ? emptyBody : schema.safeParse(body);
    if (result.success) {
      // A copy: an app may change its bodies.
      req.body = { ...(result.data as object) };
      next();
    } else {
      next(validationFailed(...result.error.issues.map(toFieldError)));
    }
  };
}

/** What is wrong with a field, from zod's issue. */
export function toFieldError({ path: members, message }: z.core.$ZodIssue): FieldError {
  const path = members.length > 0 ? members.join('.') : 'body';
  const rule = ruleOf(message);
  return rule ? refusedField(path, rule) : { path, message };
}
