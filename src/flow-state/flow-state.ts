import type { Request } from 'express';
import { AuthError } from '../errors.js';
import { NO_ORIGIN } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { CookieConfig } from '../http/cookies.js';
import { counterOf, type CounterStore } from '../limits/limit.js';
import type { TextSealer } from '../tokens/sealed-text.js';
import { MAX_SECONDS, parseFlowOptions, type FlowStateOptions } from './flow-options.js';
import { createStateStore, type StateStore } from './oauth-state-store.js';
import { createRequestIds, type RequestIds } from './saml-request-ids.js';
import { SealedCookies, type Refuse } from './sealed-cookies.js';

/**
 * Keeps what a login of several requests needs between them (state, nonce and PKCE of OpenID Connect, the challenge of a
 * passkey, the user who passed the first step), without express-session: encrypted in a cookie of this browser, good once.
 */
export interface FlowState {
  /**
   * Keeps `data` for the browser that sent the request: anything that JSON can express, at most 2 kB.
   * @returns the handle to take it with. It is random and not secret. Pass it to the provider that sends the browser back.
   * @throws TypeError for data that JSON can't express, or that is too large
   */
  save(req: Request, data: object, options?: FlowStateOptions): string;
  /**
   * Returns what was saved, once among all processes, and only in the same browser, in time and for the same purpose.
   * @throws AuthError `FLOW_STATE_INVALID` in every other case; `SERVICE_UNAVAILABLE`
   */
  take<Data = Record<string, unknown>>(
    req: Request,
    handle: unknown,
    options?: Pick<FlowStateOptions, 'purpose'>,
  ): Promise<Data>;
  /**
   * Makes the option `store` of passport-oauth2, of strategies based on it (with `pkce` or without), and of
   * passport-openidconnect.
   */
  store(options?: FlowStateOptions): StateStore;
  /**
   * Makes the options `generateUniqueId` and `cacheProvider` of `@node-saml/passport-saml`. Set `validateInResponseTo: 'always'`
   * too.
   */
  requestIds(options?: Pick<FlowStateOptions, 'expiresIn'>): RequestIds;
}

/** What this folder needs of the options. */
interface FlowConfig {
  readonly cookies: CookieConfig;
  readonly now: () => number;
  readonly refreshTokens: CounterStore;
}

export function createFlowState(config: FlowConfig, events: AuthEvents, sealer: TextSealer): FlowState {
  const { cookies, now } = config;
  const taken = counterOf(config.refreshTokens, 'flow-state', MAX_SECONDS);
  // Counting is the one atomic operation that every store has. The first call to count a handle gets the state.
  const isFirst = async (handle: string) => (await taken.increment(handle, { final: true })).count === 1;
  const refuse: Refuse = (reason, origin = NO_ORIGIN) => {
    events.announce('flowStateFailed', () => ({ reason, ...origin }));
    return new AuthError('FLOW_STATE_INVALID');
  };
  const sealed = new SealedCookies({ cookies, now, sealer, isFirst, refuse });

  return {
    save: (req, data, options) => sealed.save(req, data, options),
    take: (req, handle, options) => sealed.take(req, handle, options),
    store(options) {
      parseFlowOptions(options, cookies.secure);
      return createStateStore(sealed, options, refuse);
    },
    requestIds(options) {
      const { expiresInSeconds } = parseFlowOptions(options, true);
      return createRequestIds({ sealer, isFirst, refuse, now, expiresInSeconds });
    },
  };
}
