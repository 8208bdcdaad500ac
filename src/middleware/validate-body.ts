import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { validationFailed, type FieldError } from '../errors.js';
import { refusedField, ruleOf } from '../messages/rule.js';
import { printable } from '../utils/printable.js';

/** An answer names this many unknown members. A body of 16 kB has room for thousands. */
const MAX_UNKNOWN_NAMED = 10;
const MAX_NAME_LENGTH = 64;

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
      next(validationFailed(...toFieldErrors(result.error.issues)));
    }
  };
}

/** What is wrong with each field. The first issue is the plainest: a password that is too short need not be called common too. */
export function toFieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  const errors = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownMembers(issue.keys, issue.path) : toFieldError(issue),
  );
  return errors.filter(({ path }, index) => errors.findIndex((each) => each.path === path) === index);
}

/** Refuses members by name, the first ones of many. The names come from outside, so they are made printable and cut. */
export function unknownMembers(names: readonly string[], parents: readonly PropertyKey[] = []): FieldError[] {
  return names.slice(0, MAX_UNKNOWN_NAMED).map((name) => {
    const path = [...parents, printable(name, MAX_NAME_LENGTH)].join('.');
    return refusedField(path, { key: 'notKnown', params: {} });
  });
}

function toFieldError({ path: members, message }: z.core.$ZodIssue): FieldError {
  const path = members.length > 0 ? members.join('.') : 'body';
  const rule = ruleOf(message);
  return rule ? refusedField(path, rule) : { path, message };
}
