import type { Request, Response } from 'express';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { AuthConfig } from '../config/auth-config.js';
import { deliverTokens } from '../http/token-response.js';
import { AuthError, type AuthErrorCode } from '../errors.js';
import type { AuthEvents, RequestOrigin } from '../events/auth-events.js';
import {
  createAuthenticateRequest,
  extractAccessToken,
  type AuthenticateRequest,
  type PresentedToken,
} from '../http/authenticate-request.js';
import type { IssuedTokens, Sessions } from '../sessions/sessions.js';
import type { AccessClaims } from '../tokens/access-token.js';
import { clearTokenCookies, readCookie, replaceCookie } from '../http/cookies.js';
import { forbidCaching } from './method-and-cache.js';
import { originOf } from '../http/request-origin.js';
import { isCrossSite, isFollowedLink, isPrefetch } from './same-site.js';

/** An outage must not slow every request whose token is still good: so long nobody tries again. */
const PAUSE_MS = 5000;

const RENEWABLE: ReadonlySet<AuthErrorCode> = new Set<AuthErrorCode>([
  'NO_ACCESS_TOKEN',
  'ACCESS_TOKEN_EXPIRED',
  'ACCESS_TOKEN_INVALID',
]);

/** The session is over, however good its access token looks. */
const SESSION_OVER: ReadonlySet<AuthErrorCode> = new Set<AuthErrorCode>([
  'SESSION_NOT_FOUND',
  'REFRESH_TOKEN_REUSED',
]);

interface RenewalServices {
  config: AuthConfig;
  events: AuthEvents;
  accessTokens: AccessTokens;
  sessions: Sessions;
}

/** Refreshes in passing, for guards that say `renew`. Why it does what it does: docs/decisions/0003-renewal-in-passing.md */
export class Renewals {
  /** As the guard's own, but a token that has lived for half of its life is called expired. */
  readonly authenticate: AuthenticateRequest;
  readonly #services: RenewalServices;
  /** A page's parallel requests bring the same refresh token: one exchange answers them all. */
  readonly #inFlight = new Map<string, Promise<IssuedTokens>>();
  /** Several guards of one request say the same. */
  readonly #failed = new WeakMap<Request, AuthError>();
  #pausedUntilMs = -Infinity;

  constructor(services: RenewalServices) {
    this.#services = services;
    this.authenticate = createAuthenticateRequest(services.config, {
      verify: (token) => this.#verifyYoung(token),
    });
  }

  /** Whether a refresh may mend what a request failed by. */
  isRenewable(error: unknown): boolean {
    return error instanceof AuthError && RENEWABLE.has(error.code);
  }

  /**
   * Puts the next pair of tokens into the answer, and the access token into the request too, for whoever reads that later. Does
   * nothing where there is nothing to exchange, or nobody who may: the guard then judges the request as it is.
   * @throws AuthError as /refresh does; CROSS_SITE_REQUEST for a prefetch; never while the access token is good, unless its session is over
   */
  async renew(req: Request, res: Response): Promise<void> {
    const { accessName, refreshName } = this.#services.config.cookies;
    const failed = this.#failed.get(req);
    if (failed) throw failed;
    const presented = extractAccessToken(req, accessName);
    const refreshToken = readCookie(req, refreshName);
    if (refreshToken === undefined || presented?.from === 'header') return;
    const current = this.#stillGood(presented);
    if (!this.#mayAct(req, current !== undefined)) return;
    try {
      const issued = await this.#exchange(refreshToken, current?.sessionId, originOf(req));
      deliverTokens(res, issued, 'cookie', this.#services.config);
      forbidCaching(res);
      replaceCookie(req, accessName, issued.accessToken);
    } catch (error) {
      if (!this.#isBearable(error, current !== undefined)) throw this.#refusal(error, req, res);
    }
  }

  #verifyYoung(token: string): AccessClaims {
    const { accessTokens, config } = this.#services;
    const claims = accessTokens.verify(token);
    if (2 * config.now() > claims.issuedAt.getTime() + claims.expiresAt.getTime())
      throw new AuthError('ACCESS_TOKEN_EXPIRED');
    return claims;
  }

  #stillGood(presented: PresentedToken | undefined): AccessClaims | undefined {
    if (!presented) return undefined;
    try {
      return this.#services.accessTokens.verify(presented.token);
    } catch (error) {
      if (this.isRenewable(error)) return undefined;
      throw error;
    }
  }

  #mayAct(req: Request, isGood: boolean): boolean {
    const { now, trustedOrigins } = this.#services.config;
    if (req.method === 'HEAD' || req.method === 'OPTIONS') return false;
    if (isGood && now() < this.#pausedUntilMs) return false;
    if (isPrefetch(req)) {
      if (isGood) return false;
      // A page for nobody would be shown to somebody. Refused, the browser asks again when the user comes.
      throw new AuthError('CROSS_SITE_REQUEST');
    }
    return !isCrossSite(req, trustedOrigins) || (!isGood && isFollowedLink(req));
  }

  /** @param sessionId of the good access token: a renewal changes nobody into somebody else */
  #exchange(
    refreshToken: string,
    sessionId: string | undefined,
    origin: RequestOrigin,
  ): Promise<IssuedTokens> {
    const key = `${sessionId ?? ''} ${refreshToken}`;
    const inFlight = this.#inFlight.get(key);
    if (inFlight) return inFlight;
    const exchange = this.#services.sessions
      .refresh(refreshToken, { origin, sessionId, transport: 'cookie' })
      .finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, exchange);
    return exchange;
  }

  /** A good access token stands by itself, through an outage and beside a refresh token that is none. */
  #isBearable(error: unknown, isGood: boolean): boolean {
    if (!isGood || !(error instanceof AuthError)) return false;
    if (error.code === 'SERVICE_UNAVAILABLE') {
      this.#pausedUntilMs = this.#services.config.now() + PAUSE_MS;
      this.#services.events.announce('unavailable', () => ({ error }));
    }
    return !SESSION_OVER.has(error.code);
  }

  #refusal(error: unknown, req: Request, res: Response): unknown {
    if (error instanceof AuthError && error.status === 401) {
      clearTokenCookies(res, this.#services.config.cookies);
      // A page that passes as anonymous may be public: kept in a cache, it would log out whoever gets it.
      forbidCaching(res);
      this.#failed.set(req, error);
    }
    return error;
  }
}
