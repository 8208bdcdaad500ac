import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { AuthConfig } from '../auth-config.js';
import { AuthError } from '../errors.js';
import { counterOf, type AttemptCounter } from '../stores/attempt-counter.js';
import { appendCookie, clearCookie, namesOfCookies, readCookie } from '../utils/cookies.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { TextSealer } from '../utils/sealed-text.js';
import { createRequestIds, type RequestIds } from './request-ids.js';
import { createStateStore, type StateStore } from './state-store.js';

/** What `auth.flowState` takes. */
export interface FlowStateOptions {
  /** How long the user may take, at most an hour. Default: `'10m'`. */
  expiresIn?: Duration;
  /**
   * `'strict'` where the answer comes from a page of the app itself; `'none'` where another site's page posts it, and
   * `cookies.secure` is needed then. Default: `'lax'`, for an answer that comes as a redirect.
   */
  sameSite?: 'strict' | 'lax' | 'none';
}

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
   * Gives back what was saved: in this browser, in time, once in all processes together.
   * @throws AuthError FLOW_STATE_INVALID; SERVICE_UNAVAILABLE
   */
  take<Data = Record<string, unknown>>(req: Request, handle: unknown): Promise<Data>;
  /** The option `store` of passport-oauth2 and its kin (with `pkce` or without), and of passport-openidconnect. */
  store(options?: FlowStateOptions): StateStore;
  /** The options `generateUniqueId` and `cacheProvider` of `@node-saml/passport-saml`; use them with `validateInResponseTo: 'always'`. */
  requestIds(options?: Pick<FlowStateOptions, 'expiresIn'>): RequestIds;
}

const MAX_SECONDS = 60 * 60;
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

export function createFlowState(config: AuthConfig): FlowState {
  const { cookies, now, refreshToken } = config;
  const sealer = new TextSealer(refreshToken.keys.verificationKeys);
  // Counting is the one atomic operation that every store has: the first to come is the one.
  const taken = counterOf(config.refreshTokens, 'flow-state', MAX_SECONDS);
  const prefix = `${cookies.flowName}.`;
  const cookieOf = (handle: string) => prefix + handle.slice(0, NAMED_BY);
  // Another name may be none that can be cleared.
  const isOurs = (name: string) => name.startsWith(prefix) && NAME_END.test(name.slice(prefix.length));

  const flowState: FlowState = {
    save(req, data, options) {
      const { expiresInSeconds, sameSite } = parseFlowOptions(options, cookies.secure);
      const handle = randomBytes(HANDLE_BYTES).toString('base64url');
      const saved: Saved = { exp: now() + expiresInSeconds * 1000, data };
      const sealed = sealer.seal(JSON.stringify(saved), handle);
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

    async take<Data>(req: Request, handle: unknown) {
      if (typeof handle !== 'string' || !HANDLE.test(handle)) throw new AuthError('FLOW_STATE_INVALID');
      const sealed = readCookie(req, cookieOf(handle));
      const text = sealed === undefined ? undefined : sealer.open(sealed, handle);
      if (text === undefined) throw new AuthError('FLOW_STATE_INVALID');
      const { exp, data } = JSON.parse(text) as Saved;
      if (exp <= now()) throw new AuthError('FLOW_STATE_INVALID');
      await takeOnce(taken, handle);
      clearCookie(answerOf(req), cookieOf(handle), cookies);
      return data as Data;
    },

    store(options) {
      parseFlowOptions(options, cookies.secure);
      return createStateStore(flowState, options);
    },

    requestIds: (options) =>
      createRequestIds(
        sealer,
        (id) => takeOnce(taken, id),
        now,
        parseFlowOptions(options, true).expiresInSeconds,
      ),
  };
  return flowState;
}

/** @throws AuthError FLOW_STATE_INVALID for who comes second */
async function takeOnce(taken: AttemptCounter, handle: string): Promise<void> {
  const { count } = await taken.increment(handle, { final: true });
  if (count !== 1) throw new AuthError('FLOW_STATE_INVALID');
}

/** Strategies hand their store the request alone; Express keeps the answer beside it. */
function answerOf(req: Request): Response {
  if (req.res) return req.res;
  throw new TypeError('flowState needs a request of Express, with its answer in req.res');
}

const optionsSchema = z.strictObject({
  expiresIn: z.unknown().default('10m'),
  sameSite: z.enum(['strict', 'lax', 'none']).default('lax'),
});

/** @throws TypeError that names the option and the cure */
function parseFlowOptions(options: FlowStateOptions = {}, secure: boolean) {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`flowState: ${z.prettifyError(parsed.error)}`);
  const { expiresIn, sameSite } = parsed.data;
  const expiresInSeconds = durationInSeconds(expiresIn) ?? 0;
  if (expiresInSeconds < 1 || expiresInSeconds > MAX_SECONDS)
    throw new TypeError("flowState: expiresIn must be a duration of at most an hour, such as '10m'");
  if (sameSite === 'none' && !secure)
    throw new TypeError("flowState: sameSite 'none' needs cookies.secure, or browsers drop the cookie");
  return { expiresInSeconds, sameSite };
}
