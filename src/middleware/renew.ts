import type { Request, Response } from 'express';
import { AuthError, failureOf } from '../errors.js';
import { announceOutage } from '../events/announce-outage.js';
import type { LazyOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import {
  createAuthenticateRequest,
  extractAccessTokens,
  selectAccessToken,
  type AccessTokenPlaces,
  type AuthenticateRequest,
  type PresentedToken,
} from '../http/authenticate-request.js';
import { clearTokenCookies, readCookies, replaceCookie } from '../http/cookies.js';
import { isCrossSite, isFollowedLink, isPrefetch, type SiteConfig } from '../http/cross-site.js';
import { lazyOriginOf } from '../http/request-origin.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import type { AccessClaims } from '../tokens/access-token.js';
import { forbidCaching } from './method-and-cache.js';

/** After an outage, requests whose token is still good try no renewal for this time: it would slow every one of them. */
const PAUSE_MS = 5000;

interface RenewalServices {
  config: DeliveryConfig & SiteConfig & AccessTokenPlaces & { readonly now: () => number };
  events: AuthEvents;
  accessTokens: AccessTokens;
  sessions: Pick<Sessions, 'refresh'>;
}

/** Refreshes in passing, for guards with `renew`. For the reasons see docs/decisions/0003-renewal-in-passing.md. */
export class Renewals {
  /** Like the guard's own, but a token past half of its life counts as expired. */
  readonly authenticate: AuthenticateRequest;
  readonly #services: RenewalServices;
  /** The parallel requests of a page bring the same refresh token: one exchange serves them all. */
  readonly #inFlight = new Map<string, Promise<IssuedTokens>>();
  /** Several guards of one request give the same answer. */
  readonly #failed = new WeakMap<Request, AuthError>();
  #pausedUntilMs = -Infinity;

  constructor(services: RenewalServices) {
    this.#services = services;
    const { config, accessTokens } = services;
    this.authenticate = createAuthenticateRequest(config, accessTokens, (claims) =>
      this.#assertYoung(claims),
    );
  }

  /**
   * Puts the next pair of tokens into the answer, and the access token into the request too, for code that reads it later. Does
   * nothing without a refresh token, or where the request may not act: the guard then judges the request as it is.
   * @throws AuthError as /refresh does; CROSS_SITE_REQUEST for a prefetch; while the access token is good, only when its session is over
   */
  async renew(req: Request, res: Response): Promise<void> {
    const { config } = this.#services;
    const { accessName, refreshName } = config.cookies;
    const failed = this.#failed.get(req);
    if (failed) throw failed;
    const presented = extractAccessTokens(req, config);
    const refreshTokens = readCookies(req, refreshName);
    if (refreshTokens.length === 0 || presented[0]?.from === 'header') return;
    const current = this.#currentClaims(presented);
    if (!this.#mayRenew(req, current !== undefined)) return;
    try {
      const issued = await this.#exchange(refreshTokens, current?.sessionId, lazyOriginOf(req));
      deliverTokens(res, issued, 'cookie', this.#services.config);
      forbidCaching(res);
      replaceCookie(req, accessName, issued.accessToken);
    } catch (error) {
      if (!this.#canIgnore(error, current !== undefined)) throw this.#refusal(error, req, res);
    }
  }

  #assertYoung({ issuedAt, expiresAt }: AccessClaims): void {
    if (2 * this.#services.config.now() > issuedAt.getTime() + expiresAt.getTime())
      throw new AuthError('ACCESS_TOKEN_EXPIRED');
  }

  #currentClaims(presented: readonly PresentedToken[]): AccessClaims | undefined {
    try {
      return selectAccessToken(presented, this.#services.accessTokens).claims;
    } catch (error) {
      if (failureOf(error).renewable) return undefined;
      throw error;
    }
  }

  #mayRenew(req: Request, isGood: boolean): boolean {
    const { now, trustedOrigins } = this.#services.config;
    if (req.method === 'HEAD' || req.method === 'OPTIONS') return false;
    if (isGood && now() < this.#pausedUntilMs) return false;
    if (isPrefetch(req)) {
      if (isGood) return false;
      // The browser would show a page made for an anonymous visitor to the user. After a refusal it asks again when the user comes.
      throw new AuthError('CROSS_SITE_REQUEST');
    }
    return !isCrossSite(req, trustedOrigins) || (!isGood && isFollowedLink(req));
  }

  /** @param sessionId of the good access token: a renewal must not turn one user into another */
  #exchange(
    refreshTokens: readonly string[],
    sessionId: string | undefined,
    origin: LazyOrigin,
  ): Promise<IssuedTokens> {
    const key = [sessionId ?? '', ...refreshTokens].join(' ');
    const inFlight = this.#inFlight.get(key);
    if (inFlight) return inFlight;
    const exchange = this.#services.sessions
      .refresh(refreshTokens, { origin, sessionId, transport: 'cookie' })
      .finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, exchange);
    return exchange;
  }

  /** A good access token is enough by itself: during an outage, and beside an invalid refresh token. */
  #canIgnore(error: unknown, isGood: boolean): boolean {
    if (!isGood || !(error instanceof AuthError)) return false;
    if (error.code === 'SERVICE_UNAVAILABLE') {
      this.#pausedUntilMs = this.#services.config.now() + PAUSE_MS;
      announceOutage(this.#services.events, error);
    }
    return !failureOf(error).endsSession;
  }

  #refusal(error: unknown, req: Request, res: Response): unknown {
    if (error instanceof AuthError && error.status === 401) {
      clearTokenCookies(res, this.#services.config.cookies);
      // A page for anonymous visitors may be public. From a cache, its cleared cookies would log out everyone who gets it.
      forbidCaching(res);
      this.#failed.set(req, error);
    }
    return error;
  }
}
