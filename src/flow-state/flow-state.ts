import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import type { AuthConfig } from '../config/auth-config.js';
import { AuthError } from '../errors.js';
import type { AuthEvents, FlowStateFailureReason, RequestOrigin } from '../events/auth-events.js';
import { originOf } from '../http/request-origin.js';
import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import { appendCookie, clearCookie, namesOfCookies, readCookie } from '../http/cookies.js';
import { TextSealer } from '../tokens/sealed-text.js';
import { MAX_SECONDS, parseFlowOptions, type FlowStateOptions } from './flow-options.js';
import { createRequestIds, type RequestIds } from './saml-request-ids.js';
import { createStateStore, type StateStore } from './oauth-state-store.js';

/**
 * What a login of several requests has to keep between them (state, nonce and PKCE of OpenID Connect, the challenge of a
 * passkey, who has passed the first step), without express-session: encrypted in a cookie of this browser, good once.
 */
export interface FlowState {
  /**
   * Keeps `data` (JSON, at most 2 kB of it) for the browser that sent the request.
   * @returns the handle to take it with: random, and no secret. Hand it to whoever sends the browser back.
   * @throws TypeError for what is no JSON, or too much
   */
  save(req: Request, data: object, options?: FlowStateOptions): string;
  /**
   * Gives back what was saved: in this browser, in time, once in all processes together, and for the purpose it was saved for.
   * @throws AuthError FLOW_STATE_INVALID; SERVICE_UNAVAILABLE
   */
  take<Data = Record<string, unknown>>(
    req: Request,
    handle: unknown,
    options?: Pick<FlowStateOptions, 'purpose'>,
  ): Promise<Data>;
  /** The option `store` of passport-oauth2 and its kin (with `pkce` or without), and of passport-openidconnect. */
  store(options?: FlowStateOptions): StateStore;
  /** The options `generateUniqueId` and `cacheProvider` of `@node-saml/passport-saml`; use them with `validateInResponseTo: 'always'`. */
  requestIds(options?: Pick<FlowStateOptions, 'expiresIn'>): RequestIds;
}

const MAX_COOKIE_BYTES = 3072;
/** Of logins that this browser has begun and not finished; the oldest ones give way. */
const MAX_PENDING = 4;
const HANDLE = /^[\w-]{32}$/;
const HANDLE_BYTES = 24;
/** So much of the handle tells the cookies of a browser apart. */
const NAMED_BY = 8;
const NAME_END = /^[\w-]{8}$/;

interface Saved {
  exp: number;
  data: unknown;
}

/** Announces why; undefined where the request is not known. @returns what the client gets, which says no more */
export type Refuse = (reason: FlowStateFailureReason, origin?: RequestOrigin) => AuthError;

const NOWHERE: RequestOrigin = { ip: undefined, userAgent: undefined };

export function createFlowState(config: AuthConfig, events: AuthEvents): FlowState {
  const { cookies, now, refreshToken } = config;
  const sealer = new TextSealer(refreshToken.keys.verificationKeys);
  const taken = counterOf(config.refreshTokens, 'flow-state', MAX_SECONDS);
  const refuse: Refuse = (reason, origin = NOWHERE) => {
    events.announce('flowStateFailed', () => ({ reason, ...origin }));
    return new AuthError('FLOW_STATE_INVALID');
  };
  const prefix = `${cookies.flowName}.`;
  const cookieOf = (handle: string) => prefix + handle.slice(0, NAMED_BY);
  // Another name may be none that can be cleared.
  const isOurs = (name: string) => name.startsWith(prefix) && NAME_END.test(name.slice(prefix.length));

  const flowState: FlowState = {
    save(req, data, options) {
      const { expiresInSeconds, sameSite, purpose } = parseFlowOptions(options, cookies.secure);
      const handle = randomBytes(HANDLE_BYTES).toString('base64url');
      const saved: Saved = { exp: now() + expiresInSeconds * 1000, data };
      const sealed = sealer.seal(JSON.stringify(saved), boundTo(handle, purpose));
      if (sealed.length > MAX_COOKIE_BYTES)
        throw new TypeError('flowState.save(): data is too large for a cookie');
      const res = answerOf(req);
      const pending = namesOfCookies(req).filter(isOurs);
      // Browsers send the oldest first (RFC 6265 §5.4).
      for (const name of pending.slice(0, Math.max(0, pending.length - MAX_PENDING + 1)))
        clearCookie(res, name, cookies);
      appendCookie(res, cookieOf(handle), sealed, expiresInSeconds, { ...cookies, sameSite });
      return handle;
    },

    async take<Data>(req: Request, handle: unknown, options?: Pick<FlowStateOptions, 'purpose'>) {
      const { purpose } = parseFlowOptions(options, cookies.secure);
      const origin = originOf(req);
      if (typeof handle !== 'string' || !HANDLE.test(handle)) throw refuse('unknown', origin);
      const sealed = readCookie(req, cookieOf(handle));
      const text = sealed === undefined ? undefined : sealer.open(sealed, boundTo(handle, purpose));
      if (text === undefined) throw refuse('unknown', origin);
      const { exp, data } = JSON.parse(text) as Saved;
      if (exp <= now()) throw refuse('expired', origin);
      if (!(await isFirst(taken, handle))) throw refuse('taken', origin);
      clearCookie(answerOf(req), cookieOf(handle), cookies);
      return data as Data;
    },

    store(options) {
      parseFlowOptions(options, cookies.secure);
      return createStateStore(flowState, options, refuse);
    },

    requestIds: (options) =>
      createRequestIds({
        sealer,
        isFirst: (id) => isFirst(taken, id),
        refuse,
        now,
        expiresInSeconds: parseFlowOptions(options, true).expiresInSeconds,
      }),
  };
  return flowState;
}

/** Counting is the one atomic operation that every store has: the first to come is the one. */
async function isFirst(taken: AttemptCounter, handle: string): Promise<boolean> {
  return (await taken.increment(handle, { final: true })).count === 1;
}

/** What a state is sealed for; a handle always has the same length, so that nothing means two things. */
function boundTo(handle: string, purpose = ''): string {
  return handle + purpose;
}

/** Strategies hand their store the request alone; Express keeps the answer beside it. */
function answerOf(req: Request): Response {
  if (req.res) return req.res;
  throw new TypeError('flowState needs a request of Express, with its answer in req.res');
}
