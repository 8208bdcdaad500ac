import type { RequestHandler } from 'express';
import type { AuthEvents } from '../events/auth-events.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { TrustedOrigins } from '../http/trusted-origins.js';
import type { GuardOptions } from '../middleware/guard-options.js';
import type { VerifySource } from '../middleware/verify.js';
import type { OnStoreDown } from '../sessions/session-config.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { JwkSet } from '../tokens/jwk-set.js';
import type { Duration } from '../utils/duration.js';

/** A session store, as far as a verifier uses it. All session stores of this package can do this. */
export type VerifierStore = Pick<RefreshTokenStore, 'find' | 'time'> &
  Required<Pick<RefreshTokenStore, 'followRevocations'>>;

/** What `createVerifier` takes. Everything is checked at start. */
export interface VerifierOptions {
  /**
   * The public keys of the login service: the address of its `/jwks.json`, or the JWK Set itself. The address must be https, or on this
   * machine.
   * @throws TypeError for anything else, and for a set without a key that can verify access tokens
   */
  jwks: string | URL | JwkSet;
  /** The login service's `accessToken.issuer`. Tokens of any other issuer are refused. */
  issuer: string;
  /** The login service's `accessToken.audience`. Tokens for any other audience are refused. */
  audience: string;
  /**
   * The store where the login service keeps its sessions. With it, a session that ends is refused here at once. Without it, its access
   * tokens are good until they expire. Default: none.
   * @throws TypeError for a store that has no `followRevocations`
   */
  revocations?: VerifierStore;
  /**
   * What guards do while this process can't know which sessions have just ended, because it can't reach `revocations`: answer 503
   * (`'deny'`), or go by the access token only. Default: `'allow-until-expiry'`.
   * @throws TypeError for `'deny'` without `revocations`
   */
  onStoreDown?: OnStoreDown;
  /**
   * The login service's `accessToken.expiresIn`. Tokens count as expired when they are older, because what has been revoked is kept
   * only for so long. Default: `'30m'`.
   */
  expiresIn?: Duration;
  /** The name of the access token's cookie. Default: `'accessToken'`. */
  cookieName?: string;
  /** Origins besides the service's own whose pages may call guarded routes with cookies. As for `createAuth`. Default: none. */
  trustedOrigins?: TrustedOrigins;
  /** The language of the answers. Default: the request's `Accept-Language` decides, else English. */
  locale?: 'en' | 'ko';
  /** How many verified tokens are cached; 0 caches none, 1,000,000 is the most. Default: 10,000. */
  cacheSize?: number;
  /**
   * Lets `jwks` be an http address of another machine. Anyone who can change what is sent on the way then decides who may log in: use
   * it only where the network encrypts by itself, such as a service mesh. Default: false.
   */
  allowHttp?: boolean;
  /** Returns milliseconds since 1970, to hold time still in tests. Default: the clock of `revocations`, or else the machine's. */
  clock?: () => number;
}

/** What the guards of a verifier take: the options of a guard that need no user store and no refresh. `checkSession` needs `revocations`. */
export type VerifierGuardOptions = Omit<GuardOptions, 'loadUser' | 'renew'>;

/** What `verifier.verify` takes: the options of its guards that need no response. */
export type VerifierCheckOptions = Omit<VerifierGuardOptions, 'onFailure'>;

/** See `Verifier.verify`. */
export interface VerifierVerify {
  (source: VerifySource, options?: VerifierCheckOptions & { optional?: false }): Promise<AuthenticatedUser>;
  (source: VerifySource, options: VerifierCheckOptions): Promise<AuthenticatedUser | undefined>;
}

/** What `createVerifier` returns: guards for a service that has no secret and starts no session. */
export interface Verifier {
  /** The default guard: middleware that lets a request pass only with a valid access token, and sets `req.user`. Queries no store. */
  readonly tokenVerify: RequestHandler;
  /**
   * Makes a guard that checks more than `tokenVerify`, or less: `verifier.guard({ roles: ['admin'] })`.
   * @throws TypeError that names the option and the cure
   */
  guard(options?: VerifierGuardOptions): RequestHandler;
  /**
   * Checks a request or the text of an access token as a guard does, for code that is no middleware.
   * @returns the user of the token; undefined only with `optional`, for a request without a good token
   * @throws AuthError with the codes of a guard
   * @throws TypeError that names the option and the cure
   */
  readonly verify: VerifierVerify;
  /** The events of a verifier: `refused`, `revocations`, and `unavailable` when keys or store can't be read. docs/observability.md lists them. */
  readonly events: AuthEvents;
  /**
   * Await it before the service listens. Resolves when this process has keys and, with `revocations`, knows what has lately been revoked.
   * @throws AuthError `SERVICE_UNAVAILABLE` when one of them can't be had for 10 seconds
   */
  ready(): Promise<void>;
  /** Call it at shutdown. Ends the connection that follows revocations, and asks for keys no more. */
  close(): Promise<void>;
}
