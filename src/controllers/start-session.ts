import type { Request, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import { amrSchema } from '../http/amr-schema.js';
import { assertMaySetCookies, replaceCookie } from '../http/cookies.js';
import { isUnsafe, type SiteConfig } from '../http/cross-site.js';
import { canAnswer, isNodeRequest } from '../http/outside-express.js';
import { replacedTokens } from '../http/replaced-tokens.js';
import { originOf } from '../http/request-origin.js';
import { deliverTokens, type DeliveryConfig, type TokenBody } from '../http/token-response.js';
import { en } from '../messages/en.js';
import { forbidCaching } from '../middleware/method-and-cache.js';
import { assertSameSite } from '../middleware/same-site.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Proof } from '../sessions/proof.js';
import { sessionTokens, type SessionTokens } from '../sessions/session-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import { textOfId } from '../stores/user-ids.js';
import type { StoredUser } from '../stores/user-store.js';
import { TRANSPORTS, type Transport } from '../tokens/transport.js';
import { parseCall } from '../utils/parse-call.js';
import { assertSecondFactorExists, vouchedAmr, type LoginStops } from './second-factor-options.js';

/** What `auth.startSession` takes. */
export interface StartSessionOptions {
  /** Whether the cookies stay when the browser closes. Default: false. */
  remember?: boolean;
  /** `'cookie'`: the answer gets both cookies. `'body'`: it gets none, and you send the tokens yourself. Default: `'cookie'`. */
  transport?: Transport;
  /**
   * How the user has proved who they are, by the names of RFC 8176: `['pwd', 'otp']`. Kept in `req.user.amr` for as long as the
   * session lives. Default: nothing.
   */
  amr?: readonly string[];
  /** When they did, if that was earlier. Default: now. */
  authTime?: Date;
  /**
   * Whether a second factor that the user has shown elsewhere counts: where `amr` has `mfa`, the feature `secondFactor` doesn't ask
   * for its own. Without it, that feature leaves `mfa` out of `amr`. Throws a TypeError without the feature. Default: false.
   */
  acceptMfa?: boolean;
}

/** When and how a user proved who they are, as an app says it. */
export const proofShape = { amr: amrSchema.optional(), authTime: z.date().optional() };

export const loginShape = {
  remember: z.boolean().default(false),
  transport: z.enum(TRANSPORTS, en.mustBeTransport).default('cookie'),
  acceptMfa: z.boolean().default(false),
};

const optionsSchema = z.strictObject({ ...proofShape, ...loginShape });

export interface StartSessionServices {
  config: DeliveryConfig;
  sessions: Pick<Sessions, 'start' | 'revoke'>;
}

/** A request that has proved its user, and how its session shall be. */
export interface RequestLogin extends Proof {
  req: Request;
  res: Response;
  /** Read before anything was awaited. */
  origin: RequestOrigin;
  remember: boolean;
  transport: Transport;
  /** How the user has logged in, for the features' checks, where `amr` doesn't say it. */
  firstFactor?: readonly string[] | undefined;
  /** What a feature has proved beyond this login, for its own check. */
  passed?: object | undefined;
  /** Whether a second factor that `amr` names counts, whoever has checked it. Default: no. */
  acceptMfa?: boolean | undefined;
}

/** A session with its tokens. With the transport `'body'`, `inBody` is what the answer's body says of them. */
export interface StartedSession {
  issued: IssuedTokens;
  inBody: TokenBody | undefined;
}

/** The last start of a request that sets cookies. */
const lastStarts = new WeakMap<Request, Promise<StartedSession>>();

/**
 * Turns the proof of a request into a session, and puts its cookies into the answer. The session that the browser had ends.
 * @throws AuthError INVALID_CREDENTIALS, CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE. No session exists then
 */
export function startByRequest(
  services: StartSessionServices,
  user: StoredUser,
  login: RequestLogin,
): Promise<StartedSession> {
  const { req, transport } = login;
  if (transport !== 'cookie') return startOne(services, user, login);
  // Of parallel starts in one request each waits for the one before, and then replaces its session: the browser keeps one pair of cookies.
  const before = lastStarts.get(req);
  const start = () => startOne(services, user, login);
  const started = before ? before.then(start, start) : start();
  lastStarts.set(req, started);
  return started;
}

async function startOne(
  { config, sessions }: StartSessionServices,
  user: StoredUser,
  { req, res, ...login }: RequestLogin,
): Promise<StartedSession> {
  const { transport, origin } = login;
  if (transport === 'cookie') assertMaySetCookies(req);
  const replaced = replacedTokens(req, transport, config.cookies);
  const issued = await sessions.start(user, { ...login, request: { req, res }, replaced });
  if (res.headersSent) {
    // The app has answered meanwhile, so no one would ever have these tokens.
    await sessions.revoke(user.id, issued.session.sessionId, 'server', origin);
    throw alreadyAnswered('startSession');
  }
  const inBody = deliverTokens(res, issued, transport, config);
  // What comes later in this request, such as a second mutation of GraphQL, then means this session and not the one before.
  if (transport === 'cookie') {
    replaceCookie(req, config.cookies.accessName, issued.accessToken);
    replaceCookie(req, config.cookies.refreshName, issued.refreshToken);
  }
  return { issued, inBody };
}

interface CallServices extends StartSessionServices, LoginStops {
  config: DeliveryConfig & SiteConfig;
  events: AuthEvents;
  sessions: Pick<Sessions, 'start' | 'revoke' | 'findUser'>;
}

/** See `Auth.startSession`. */
export type StartSession = (
  req: IncomingMessage,
  res: ServerResponse,
  user: { readonly id: unknown },
  options?: StartSessionOptions,
) => Promise<SessionTokens>;

/** A login that the app has proved, for an app that answers it in its own way. */
export function createStartSession(services: CallServices): StartSession {
  return async function startSession(incoming, outgoing, user, options = {}) {
    const [req, res] = [incoming, outgoing] as unknown as [Request, Response];
    const login = parseCall('startSession()', optionsSchema, options);
    assertSecondFactorExists('startSession()', { acceptMfa: login.acceptMfa }, services);
    const { id, userId } = knownId('startSession() needs user.id, the id of a user in the user store', user);
    assertUnanswered('startSession', req, res);
    // A page of another site could log the browser in as someone else. A GET may come from there: the callback of a provider does.
    if (login.transport === 'cookie' && isUnsafe(req)) assertSameSite(services, req);
    const origin = originOf(req);
    const found = await services.sessions.findUser(userId, id, origin);
    const amr = vouchedAmr(login, services);
    const { issued } = await startByRequest(services, found, { ...login, amr, req, res, origin });
    forbidCaching(res);
    return sessionTokens(issued);
  };
}

/** @throws TypeError for what is no request with its response, and when cookies can no longer be set */
export function assertUnanswered(call: string, req: unknown, res: Response): void {
  if (!isNodeRequest(req) || !canAnswer(res))
    throw new TypeError(
      `${call}() needs a request of Node or Express and its response, in this order: auth.${call}(req, res, …)`,
    );
  if (res.headersSent) throw alreadyAnswered(call);
}

function alreadyAnswered(call: string): TypeError {
  return new TypeError(
    `${call}(): the answer has been sent already, so it can't get cookies: call it before`,
  );
}

/**
 * The id of a user whom the app names.
 * @param needsId the text of the error for something else
 * @returns the id as a text, and as it was given: the store may have numbers, or objects
 * @throws TypeError
 */
export function knownId(needsId: string, user: unknown): { userId: string; id: unknown } {
  const id = (user as { id?: unknown } | undefined | null)?.id;
  const userId = textOfId(id);
  if (userId) return { userId, id };
  throw new TypeError(needsId);
}
