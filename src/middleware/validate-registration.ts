import type { RequestHandler } from 'express';
import type { z } from 'zod';
import { serviceUnavailable, validationFailed, type FieldError } from '../errors.js';
import { FIELDS, membersOf } from '../http/body-schemas.js';
import { refusedField } from '../messages/rule.js';
import { asError } from '../utils/as-error.js';
import { catchingNext } from '../utils/call-catching.js';
import { isPromise } from '../utils/is-promise.js';
import { printable } from '../utils/printable.js';
import { withinTime } from '../utils/within-time.js';
import type { StandardSchemaIssue, StandardSchemaV1 } from '../utils/standard-schema.js';
import { toFieldErrors, unknownMembers, validateBody } from './validate-body.js';

const TIMEOUT_MS = 5000;
/** An answer names this many members that the app's schema refuses. A body of 16 kB has room for thousands. */
const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 200;

interface ValidationOptions {
  /** What becomes of members that neither schema knows. */
  readonly unknown: 'refuse' | 'ignore';
  readonly timeoutMs?: number;
}

/**
 * Validates the body of a registration. The app's own schema gets the members that ours doesn't know, and one answer names what
 * both refuse.
 */
export function validateRegistration(
  schema: z.ZodType,
  fieldsSchema: StandardSchemaV1 | undefined,
  { unknown, timeoutMs = TIMEOUT_MS }: ValidationOptions,
): RequestHandler {
  const validateOurs = validateBody(schema);
  if (!fieldsSchema) return validateOurs;
  const ours = membersOf(schema);

  const validate = async (body: Record<string, unknown>): Promise<object> => {
    // Own `__proto__` members exist in JSON only, and many a schema would set the prototype of its output with one.
    const names = Object.keys(body).filter((name) => !ours.includes(name));
    const further = picked(body, (name) => !ours.includes(name) && name !== '__proto__');
    const parsed = schema.safeParse(picked(body, (name) => ours.includes(name)));
    const { output, errors } = await checkedFields(fieldsSchema, further, timeoutMs);
    const unknownNames =
      unknown === 'refuse' && errors.length === 0 ? names.filter((name) => !hasMember(output, name)) : [];
    const all = [
      ...(parsed.success ? [] : toFieldErrors(parsed.error.issues)),
      ...errors,
      ...unknownMembers(unknownNames),
    ];
    if (all.length > 0 || !parsed.success) throw validationFailed(...all);
    return { ...(parsed.data as object), [FIELDS]: output };
  };

  return function validateWithFields(req, res, next) {
    const body: unknown = req.body ?? {};
    if (typeof body !== 'object' || Array.isArray(body)) {
      validateOurs(req, res, next);
      return;
    }
    const proceed = catchingNext(next);
    validate(body as Record<string, unknown>).then(
      (valid) => {
        req.body = valid;
        proceed();
      },
      (error: unknown) => proceed(asError(error)),
    );
  };
}

/** What the app's schema makes of the further members. */
async function checkedFields(
  schema: StandardSchemaV1,
  further: object,
  timeoutMs: number,
): Promise<{ output?: unknown; errors: FieldError[] }> {
  const validated = schema['~standard'].validate(further);
  const result: unknown = isPromise(validated)
    ? await withinTime(validated, timeoutMs, () => tooLate(timeoutMs))
    : validated;
  if (typeof result !== 'object' || result === null)
    throw new TypeError('register.schema returned no result: it must return { value } or { issues }');
  const { value, issues } = result as { value?: unknown; issues?: readonly StandardSchemaIssue[] };
  if (!issues) return { output: value, errors: [] };
  const errors = [...issues].slice(0, MAX_ISSUES).map(toFieldError);
  const first = errors.filter(({ path }, index) => errors.findIndex((each) => each.path === path) === index);
  // A schema that refuses without a reason refuses all the same.
  return {
    errors: first.length > 0 ? first : [refusedField('body', { key: 'VALIDATION_FAILED', params: {} })],
  };
}

/** The message is the app's own, so it is sent as it is. The path may have names from outside. */
function toFieldError({ path = [], message }: StandardSchemaIssue): FieldError {
  const names = path.map((part) => String(typeof part === 'object' ? part.key : part));
  return { path: printable(names.join('.'), MAX_PATH_LENGTH) || 'body', message: String(message) };
}

function tooLate(timeoutMs: number): Error {
  return serviceUnavailable(new Error(`register.schema did not answer within ${timeoutMs} ms`));
}

function picked(body: object, isPicked: (name: string) => boolean): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => isPicked(name)));
}

function hasMember(output: unknown, name: string): boolean {
  return typeof output === 'object' && output !== null && Object.hasOwn(output, name);
}
