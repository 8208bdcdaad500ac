import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { isAuthError } from '../errors.js';
import { amrSchema } from '../http/amr-schema.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { redirectLocally, redirectToSchema, type RedirectTo } from '../http/local-redirect.js';
import { handlerOf, mistakeInCall } from '../http/outside-express.js';
import { originOf } from '../http/request-origin.js';
import { createErrorHandler, type ErrorHandlerServices } from '../middleware/error-handler.js';
import type { Proof } from '../sessions/proof.js';
import type { Transport } from '../tokens/transport.js';
import { callCatching, catchingNext } from '../utils/call-catching.js';
import { parseCall } from '../utils/parse-call.js';
import { loginAnswer } from './login-answer.js';
import { createRaiseByRequest, type RaiseServices } from './raise-by-request.js';
import {
  assertSecondFactorExists,
  secondFactorPathSchema,
  vouchedAmr,
  type LoginStops,
} from './second-factor-options.js';
import {
  knownId,
  loginShape,
  proofShape,
  startByRequest,
  type StartedSession,
  type StartSessionServices,
} from './start-session.js';

/** What `auth.completeLogin` takes. */
export interface CompleteLoginOptions {
  /**
   * A path of this app to send the browser to, such as `'/account'`; or a function, async or not, that takes the request and
   * returns one. If it returns anything but a path of this app, the browser goes to `/`. Default: none, and the answer is the JSON
   * of a login.
   */
  redirectTo?: RedirectTo;
  /**
   * A path of this app to send the browser to when the user has a second factor: the page that asks for the code. Default: none, and
   * the answer is the JSON of `SECOND_FACTOR_REQUIRED`. Throws a TypeError without a feature that asks for a second factor.
   */
  secondFactor?: string;
  /**
   * Whether the second factor of a provider counts: where the `amr` of the login has `mfa`, the feature `secondFactor` doesn't ask for
   * its own. Only for providers whose `amr` you trust: without it, that feature leaves `mfa` out of `amr`. Throws a TypeError without the
   * feature. Default: false.
   */
  acceptMfa?: boolean;
  /**
   * The user is logged in already, and has proved again who they are: the session goes on with new tokens, which say when and how
   * (`authTime`, `amr`). If the proof is of another user, the answer is 401 `INVALID_CREDENTIALS`, and nothing changes. The tokens
   * leave the way the access token came, so not together with `remember`, `transport` or `secondFactor`. Throws a TypeError if
   * `refreshTokens` has no method `raise()`. Default: false.
   */
  reauthenticate?: boolean;
  /** Whether the cookies stay when the browser closes. Default: false. */
  remember?: boolean;
  /** How tokens leave: as cookies (`'cookie'`), or in the JSON of the answer (`'body'`). Default: `'cookie'`. */
  transport?: Transport;
  /**
   * How the user has proved who they are, by the names of RFC 8176: `['pwd', 'otp']`. Kept in `req.user.amr` for as long as the
   * session lives. What the strategy itself says in `req.authInfo.amr` takes precedence. Default: nothing.
   */
  amr?: readonly string[];
}

const NEEDS_ID =
  'completeLogin() needs req.user.id, the id of a user in the user store: put a Passport strategy before it, with { session: false }';

const proofSchema = z.object(proofShape);

const optionsSchema = z
  .strictObject({
    redirectTo: redirectToSchema.optional(),
    secondFactor: secondFactorPathSchema,
    amr: amrSchema.optional(),
    reauthenticate: z.boolean().default(false),
    ...loginShape,
  })
  .refine(({ redirectTo, transport }) => redirectTo === undefined || transport === 'cookie', {
    path: ['transport'],
    message: "can't be 'body' together with redirectTo: a redirect has no body to read",
  })
  .refine(({ secondFactor, transport }) => secondFactor === undefined || transport === 'cookie', {
    path: ['transport'],
    message: "can't be 'body' together with secondFactor: a redirect has no body to read",
  });

interface CompleteLoginServices
  extends Omit<RaiseServices, 'config' | 'sessions'>, Omit<ErrorHandlerServices, 'config'>, LoginStops {
  config: StartSessionServices['config'] & ErrorHandlerServices['config'] & RaiseServices['config'];
  sessions: StartSessionServices['sessions'] & RaiseServices['sessions'];
}

/** Of a session that goes on. */
const KEPT = ['remember', 'transport', 'secondFactor'] as const;

/**
 * Turns `req.user`, put there by any Passport strategy, into a session and both tokens.
 * @throws TypeError that names the option and the cure
 */
export function createCompleteLogin(
  services: CompleteLoginServices,
  options: CompleteLoginOptions = {},
): RequestHandler {
  const { config, sessions, textsFor } = services;
  const { secondFactor, ...parsed } = parseCall('completeLogin()', optionsSchema, options);
  const { redirectTo, reauthenticate, remember, transport, amr, acceptMfa } = parsed;
  const kept = reauthenticate ? KEPT.find((name) => options[name] !== undefined) : undefined;
  if (kept)
    throw new TypeError(
      `completeLogin(): ${kept} can't come together with reauthenticate: the session goes on as it is`,
    );
  const raise = reauthenticate
    ? createRaiseByRequest(services, 'completeLogin(): reauthenticate')
    : undefined;
  assertSecondFactorExists('completeLogin()', { secondFactor, acceptMfa }, services);
  const handleAuthError = createErrorHandler(services);

  async function complete(req: Request, res: AnswerResponse<'login'>): Promise<void> {
    const origin = originOf(req);
    const proof = { amr, ...proofOf(req) };
    const vouched = vouchedAmr({ amr: proof.amr, acceptMfa }, services);
    const { userId, id } = knownId(NEEDS_ID, req.user);
    res.set('Cache-Control', 'no-store');
    const login = { ...proof, amr: vouched, req, res, origin };
    if (raise) {
      await answer(req, res, await raise({ ...login, userId, id }), 'reauthenticated');
      return;
    }
    const user = await sessions.findUser(userId, id, origin);
    const started = await startByRequest(services, user, { ...login, remember, transport, acceptMfa }).catch(
      (error: unknown) => {
        if (secondFactor !== undefined && isAuthError(error, 'SECOND_FACTOR_REQUIRED')) return undefined;
        throw error;
      },
    );
    if (!started) {
      await redirectLocally(req, res, secondFactor as string, config.cookies, 'One more step');
      return;
    }
    await answer(req, res, started, 'loginSuccessful');
  }

  async function answer(
    req: Request,
    res: AnswerResponse<'login'>,
    { issued, inBody }: StartedSession,
    message: 'loginSuccessful' | 'reauthenticated',
  ): Promise<void> {
    // Tokens in the body must not get lost in a redirect.
    if (redirectTo === undefined || inBody)
      res.json(loginAnswer(textsFor(req, res)[message], issued, inBody));
    else await redirectLocally(req, res, redirectTo, config.cookies);
  }

  const called = handlerOf('completeLogin');
  return function completeLogin(req, res: AnswerResponse<'login'>, next) {
    const mistake = mistakeInCall(called, req, next);
    if (mistake !== undefined) return next(mistake);
    const proceed = catchingNext(next);
    return complete(req, res).catch((error: unknown) =>
      callCatching(() => handleAuthError(error, req, res, proceed), proceed),
    );
  };
}

/** What the strategy says beside the user: `done(null, user, { amr, authTime })`. */
function proofOf({ authInfo }: Express.Request): Proof {
  const { amr, authTime } = authInfo ?? {};
  const proof = parseCall('completeLogin(): req.authInfo', proofSchema, { amr, authTime });
  return { ...(amr && { amr: proof.amr }), authTime: proof.authTime };
}
