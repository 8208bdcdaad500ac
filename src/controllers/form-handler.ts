import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { AuthError, isAuthError } from '../errors.js';
import { membersOf } from '../http/body-schemas.js';
import {
  isLocalPath,
  localPathSchema,
  redirectToSchema,
  withQuery,
  type RedirectTo,
} from '../http/local-redirect.js';
import { handlerOf, mistakeInCall } from '../http/outside-express.js';
import { inSequence } from '../middleware/express-gaps.js';
import { noStore } from '../middleware/method-and-cache.js';
import { parseForm } from '../middleware/parse-body.js';
import { validateBody } from '../middleware/validate-body.js';
import { asError } from '../utils/as-error.js';
import { callCatching, catchingNext } from '../utils/call-catching.js';

/** What the handlers of forms without a script take. */
export interface FormOptions {
  /**
   * A path of this app to send the browser to; or a function, async or not, that takes the request and returns one. If it returns
   * anything but a path of this app, the browser goes to `/`.
   */
  redirectTo?: RedirectTo;
  /**
   * A path of this app to send the browser to when the user has to try again; or a function, async or not, that takes the request
   * and the AuthError and returns one. `/login` becomes `/login?error=INVALID_CREDENTIALS`, and keeps the `returnTo` of the form or
   * of its address. Default: none, and the AuthError goes to the next error handler, which may show the form again.
   */
  failureRedirect?: FailureRedirect;
}

/** A path of this app, or a function of the request and the error that finds one. */
export type FailureRedirect = string | ((req: Request, error: AuthError) => unknown);

/** The schema of the options. `redirectTo` is where a success leads by default. */
export const formOptionsSchema = (redirectTo: string) =>
  z.strictObject({
    redirectTo: redirectToSchema.default(redirectTo),
    failureRedirect: z
      .union(
        [localPathSchema, z.custom<Exclude<FailureRedirect, string>>((value) => typeof value === 'function')],
        "must be a path of this app that begins with one '/', or a function that finds one",
      )
      .optional(),
  });

/** Statuses after which the user can try again. Anything else is for an error page. */
const FOR_THE_USER = new Set([400, 401, 409, 429]);

/** Where a form's errors lead the browser. Default: they go to `next`. */
interface FormRedirects {
  readonly failureRedirect: FailureRedirect | undefined;
  /** After a first step that was right. Default: as after other errors. */
  readonly secondFactor?: string | undefined;
}

/** A handler that answers a form with a redirect. */
export function createFormHandler(
  name: string,
  chain: readonly RequestHandler<never>[],
  { failureRedirect, secondFactor }: FormRedirects,
): RequestHandler {
  const run = inSequence([noStore, ...(chain as readonly RequestHandler[])]);
  const called = handlerOf(name);
  const handler: RequestHandler = (req, res, next) => {
    const mistake = mistakeInCall(called, req, next);
    if (mistake !== undefined) return next(mistake);
    run(req, res, (error?: unknown) => {
      if (secondFactor !== undefined && isAuthError(error, 'SECOND_FACTOR_REQUIRED') && !res.headersSent) {
        callCatching(
          () => res.redirect(303, withQuery(secondFactor, { returnTo: returnToOf(req) })),
          catchingNext(next),
        );
        return;
      }
      if (failureRedirect === undefined || !isForTheUser(error) || res.headersSent) {
        next(error);
        return;
      }
      const proceed = catchingNext(next);
      pathAfter(failureRedirect, req, error).then(
        (path) => {
          // The app may have answered meanwhile, because this took too long.
          const go = () =>
            res.redirect(303, withQuery(path, { error: error.code, returnTo: returnToOf(req) }));
          callCatching(go, proceed);
        },
        (thrown: unknown) => proceed(asError(thrown)),
      );
    });
  };
  return Object.defineProperty(handler, 'name', { value: name });
}

function isForTheUser(error: unknown): error is AuthError {
  return error instanceof AuthError && FOR_THE_USER.has(error.status);
}

async function pathAfter(redirect: FailureRedirect, req: Request, error: AuthError): Promise<string> {
  const found = typeof redirect === 'string' ? redirect : await redirect(req, error);
  return isLocalPath(found) ? found : '/';
}

/** Where the user wanted to go, so the form leads there after all. */
function returnToOf({ query, body }: Request): string | undefined {
  const { returnTo } = (body ?? {}) as { returnTo?: unknown };
  return [returnTo, query['returnTo']].find(isLocalPath);
}

interface ReadFormOptions {
  /** Makes what JSON has and a form has not. */
  convert?: (form: Record<string, unknown>) => Record<string, unknown>;
  /** Checks the fields. Default: by the schema. */
  validate?: RequestHandler;
  /** Which fields are checked too, besides those of the schema. Default: none. */
  isFurther?: (name: string) => boolean;
}

/**
 * The links that read a form and check it. Only the fields of the schema are checked: a browser also sends what belongs to the app
 * (`_csrf`, `returnTo`, the button that was pressed), so a form with other fields is no mistake of its sender, as it is in JSON.
 */
export function readForm(
  schema: z.ZodType,
  {
    convert = (form) => form,
    validate = validateBody(schema),
    isFurther = () => false,
  }: ReadFormOptions = {},
): RequestHandler[] {
  const members = membersOf(schema);
  return [
    parseForm,
    function validateForm(req, res, next) {
      const fields = { ...(req.body as Record<string, unknown> | undefined) };
      const converted = convert(fields);
      const isChecked = ([name]: [string, unknown]) => members.includes(name) || isFurther(name);
      req.body = Object.fromEntries(Object.entries(converted).filter(isChecked));
      validate(req, res, (error?: unknown) => {
        req.body = error === undefined ? { ...fields, ...(req.body as object) } : converted;
        next(error);
      });
    },
  ];
}

/** A box that isn't ticked sends nothing; a ticked one sends `on`, or its `value`. */
export function isChecked(value: unknown): boolean {
  return ![undefined, null, false, '', '0', 'false', 'off'].includes(value as string);
}
