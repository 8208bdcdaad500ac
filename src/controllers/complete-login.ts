import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { AuthError } from '../errors.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { redirectLocally, redirectToSchema, type RedirectTo } from '../http/local-redirect.js';
import { replacedTokens } from '../http/replaced-tokens.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { deliverTokens, publicUser, type DeliveryConfig } from '../http/token-response.js';
import { en } from '../messages/en.js';
import { createErrorHandler } from '../middleware/error-handler.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Proof } from '../sessions/start-session.js';
import { activeUser, inactiveReason, type UserStore } from '../stores/user-store.js';
import { textOfId } from '../stores/user-ids.js';
import { TRANSPORTS, type Transport } from '../tokens/transport.js';
import { callBack, caught } from '../utils/call-back.js';
import { parseCall } from '../utils/parse-call.js';

/** What `auth.completeLogin` takes. */
export interface CompleteLoginOptions {
  /**
   * A path of this app to send the browser to, such as `'/account'`; or a function, async or not, that takes the request and
   * returns one. If it returns anything but a path of this app, the browser goes to `/`. Default: none, and the answer is the JSON
   * of a login.
   */
  redirectTo?: RedirectTo;
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

const amrSchema = z
  .array(z.string().regex(/^[\x21-\x7e]{1,64}$/, 'must be visible ASCII without spaces'))
  .nonempty()
  .max(16)
  .readonly();

const proofSchema = z.object({ amr: amrSchema.optional(), authTime: z.date().optional() });

const optionsSchema = z
  .strictObject({
    redirectTo: redirectToSchema.optional(),
    remember: z.boolean().default(false),
    transport: z.enum(TRANSPORTS, en.mustBeTransport).default('cookie'),
    amr: amrSchema.optional(),
  })
  .refine(({ redirectTo, transport }) => redirectTo === undefined || transport === 'cookie', {
    path: ['transport'],
    message: "can't be 'body' together with redirectTo: a redirect has no body to read",
  });

interface CompleteLoginServices {
  config: DeliveryConfig & { readonly users: UserStore };
  events: AuthEvents;
  sessions: Pick<Sessions, 'start'>;
  textsFor: TextsFor;
}

/**
 * Turns `req.user`, put there by any Passport strategy, into a session and both tokens.
 * @throws TypeError that names the option and the cure
 */
export function createCompleteLogin(
  services: CompleteLoginServices,
  options: CompleteLoginOptions = {},
): RequestHandler {
  const { config, events, sessions, textsFor } = services;
  const { redirectTo, remember, transport, amr } = parseCall('completeLogin()', optionsSchema, options);
  const handleAuthError = createErrorHandler(services);

  return async function completeLogin(req, res: AnswerResponse<'login'>, next) {
    try {
      const origin = originOf(req);
      const proof = { amr, ...proofOf(req) };
      const { userId, id } = provenId(req);
      const found = await config.users.findById(id as string);
      const user = activeUser(found);
      if (!user) {
        const reason = inactiveReason(found);
        events.announce('loginFailed', () => ({ username: found?.username, userId, reason, ...origin }));
        throw new AuthError('INVALID_CREDENTIALS');
      }
      const replaced = replacedTokens(req, transport, config.cookies);
      const issued = await sessions.start(user, { ...proof, remember, transport, origin, replaced });
      const tokens = deliverTokens(res, issued, transport, config);
      res.set('Cache-Control', 'no-store');
      if (redirectTo === undefined)
        res.json({ message: textsFor(req, res).loginSuccessful, user: publicUser(user), ...tokens });
      else await redirectLocally(req, res, redirectTo, config.cookies);
    } catch (error) {
      const proceed = caught(next);
      callBack(() => handleAuthError(error, req, res, proceed), proceed);
    }
  };
}

/** @returns the id as a text, and as the strategy gave it: the store may have numbers, or objects */
function provenId(req: Request): { userId: string; id: unknown } {
  const id: unknown = req.user?.id;
  const userId = textOfId(id);
  if (userId) return { userId, id };
  throw new TypeError(
    'completeLogin() needs req.user.id, the id of a user in the user store: put a Passport strategy before it, with { session: false }',
  );
}

/** What the strategy says beside the user: `done(null, user, { amr, authTime })`. */
function proofOf(req: Request): Proof {
  const { amr, authTime } = req.authInfo ?? {};
  const proof = parseCall('completeLogin(): req.authInfo', proofSchema, { amr, authTime });
  return { ...(amr && { amr: proof.amr }), authTime: proof.authTime };
}
