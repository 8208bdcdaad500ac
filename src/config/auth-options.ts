import type { Authenticator } from 'passport';
import type { AuditRecord } from '../events/audit.js';
import type { Feature } from '../features/feature.js';
import type { RegisteredClaims } from '../http/authenticated-user.js';
import type { ErrorBody, ErrorBodyOptions } from '../http/error-body.js';
import type { RegistrationOptions } from '../http/registration.js';
import type { TrustedOrigins } from '../http/trusted-origins.js';
import type { OpenApiInfo } from '../openapi/openapi-options.js';
import type { Locale, MessagesOption } from '../messages/messages.js';
import type { ClaimsSession, ClaimsUser } from '../sessions/ask-claims.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import type { Duration } from '../utils/duration.js';
import type { LimitsOptions } from './limits-options.js';
import type { PasswordOptions } from './password-options.js';
import type { OnStoreDown } from '../sessions/session-config.js';
import type { Algorithm, Secret } from '../tokens/keys.js';

/**
 * What `createAuth` takes. `createAuth` checks everything at start. It throws a TypeError that names the option and the cure for
 * an option that is missing, wrong or unknown.
 */
export interface AuthOptions<Fields = unknown> {
  /**
   * Where users live: `PostgresUserStore`, `MemoryUserStore`, or a store that you write on top of your own table.
   * @throws TypeError for an object without the four methods that every `UserStore` must have
   */
  users: UserStore;
  /**
   * Where sessions live, and with them the counts of the limits: `RedisRefreshTokenStore`, `PostgresRefreshTokenStore`,
   * `MemoryRefreshTokenStore`, or a store that you write.
   * @throws TypeError for an object without the six methods that every `RefreshTokenStore` must have
   */
  refreshTokens: RefreshTokenStore;
  /** The tokens that guards check at every request. */
  accessToken: {
    /**
     * What signs access tokens. HS256 takes at least 32 bytes (HS384: 48, HS512: 64) as text, bytes or a KeyObject. RS, PS, ES and EdDSA
     * take `{ privateKey, publicKey }`, each as PEM text, its bytes or a KeyObject. A list rotates keys: the first signs, all
     * verify. A text may be a list too, with spaces between: `'old new'`. The text as it is verifies last. A text whose words are all
     * too short for a secret is one secret, a phrase. To pass any text as one secret, pass `[text]`.
     * @throws TypeError if it is missing, too short, or doesn't fit the algorithm
     */
    secret: Secret | readonly Secret[] | undefined;
    /**
     * How long an access token is valid; not longer than its session. A role that you take away stays in the token for as long.
     * Default: `'30m'`.
     * @throws TypeError for less than 1 second, more than 100 years, or longer than a session
     */
    expiresIn?: Duration;
    /**
     * The signature algorithm: HS, RS, PS or ES with 256, 384 or 512, or `'EdDSA'` (Ed25519). Choose one with key pairs (RS, PS, ES,
     * EdDSA) when other services verify the tokens: `jwks` gives them the public keys. Default: `'HS256'`.
     */
    algorithm?: Algorithm;
    /**
     * The claim `iss`: written into every access token, and required in every one that is verified. With issuer and audience, tokens
     * also have `jti` and `client_id`, and are in the form of RFC 9068; `client_id` is the issuer, unless `claims` returns another.
     * Default: none.
     */
    issuer?: string;
    /**
     * The claim `aud`: written into every access token, and required in every one that is verified. Services that share keys need one,
     * or each accepts what was made for another. Default: none.
     */
    audience?: string;
    /**
     * How many verified tokens a process caches, about 1 kB each plus twice the length of your own claims, to save verifying them
     * again. 0 caches none, 1,000,000 is the most. Default: 10,000.
     */
    cacheSize?: number;
    /**
     * Returns further claims for the access token: `(user) => ({ tenant: user.tenant })`. Called at each login, refresh and new
     * password, with the stored user without the password hash, and `{ sessionId, authTime, amr }`. May be async, within 1 second: if
     * it fails or takes longer, the answer is 503. Guards set `req.user.claims`. Anyone who has the token can read them. Default: none.
     * @throws TypeError for anything but a function. If it returns anything but a plain object that JSON can carry, or uses the name
     * of one of the token's own claims, a TypeError goes to `next(error)`
     */
    // A method, so the app may declare `user` as its own type of users.
    claims?(user: ClaimsUser, session: ClaimsSession): RegisteredClaims | Promise<RegisteredClaims>;
  };
  /** The tokens that are exchanged for the next pair of tokens; and how long sessions last. */
  refreshToken: {
    /**
     * What signs refresh tokens and seals the cookies of `auth.flowState`: text, bytes or a KeyObject of at least 32 bytes. A list
     * rotates keys: the first signs, all verify. A text may be a list, as in `accessToken.secret`. The algorithm is always HS256.
     * @throws TypeError if it is missing, too short, or one of the access token's
     */
    secret: Secret | readonly Secret[] | undefined;
    /**
     * How long a session lives without being used; at most `maxLifetime`. Each refresh begins this time again. Default: `'3h'`.
     * @throws TypeError for less than 1 second, more than 100 years, or longer than `maxLifetime`
     */
    expiresIn?: Duration;
    /**
     * How long a session lives at most, however often it is used. Then the user logs in again. Default: `'30d'`.
     * @throws TypeError for less than 1 second or more than 100 years
     */
    maxLifetime?: Duration;
    /**
     * How long an exchanged refresh token may come again without counting as stolen: from a second tab, a double click or after a
     * lost answer. 0 allows no second use, and then two parallel refreshes end the session. Default: `'30s'`.
     * @throws TypeError for a negative time or more than 100 years
     */
    reuseWindow?: Duration;
  };
  /** The cookies of both tokens. They are always HttpOnly. */
  cookies?: {
    /**
     * The name of the access token's cookie. With the prefix `__Host-` or `__Secure-` browsers enforce its attributes too.
     * Default: `'accessToken'`.
     * @throws TypeError for a name that no cookie can have, or a prefix that the other options contradict
     */
    accessName?: string;
    /**
     * The name of the refresh token's cookie. Default: `'refreshToken'`.
     * @throws TypeError as for `accessName`, and if both names are the same
     */
    refreshName?: string;
    /**
     * What the names of the cookies of `auth.flowState` begin with. Default: `'flowState'`.
     * @throws TypeError as for `accessName`
     */
    flowName?: string;
    /** Whether browsers send the cookies over HTTPS only. Default: true when `NODE_ENV` is `production`. */
    secure?: boolean;
    /**
     * Whether browsers send the cookies with requests that come from other sites: never (`'strict'`), only when a user follows a
     * link (`'lax'`), or always (`'none'`). Default: `'strict'`.
     * @throws TypeError for `'none'` without `secure: true`, because browsers refuse such cookies
     */
    sameSite?: 'strict' | 'lax' | 'none';
    /** The domain whose hosts all get the cookies: `'example.com'`. Default: none, so only the host that set them. */
    domain?: string;
    /** The path below which browsers send the cookies. Guarded routes outside it don't see them. Default: `'/'`. */
    path?: string;
  };
  /** What passwords must look like, and how they are hashed. */
  password?: PasswordOptions;
  /**
   * Limits on attempts, and on the sessions of a user. An attempt past a limit gets 429 `TOO_MANY_ATTEMPTS` with `Retry-After`. A
   * session past its limit ends an older one instead. Attempts are counted where the sessions live, and before the password is
   * checked, so parallel guesses can't beat the limit.
   */
  limits?: LimitsOptions;
  /**
   * The name of the field that holds the username in the bodies of /register and /login: `'email'`. Default: `'username'`.
   * @throws TypeError for a name with other characters than letters, digits, `-` and `_`, or one that a body has already, also a body of
   * a feature
   */
  usernameField?: string;
  /**
   * The name of the field that holds the password in the bodies of /register and /login. Default: `'password'`.
   * @throws TypeError as for `usernameField`, and if both names are the same
   */
  passwordField?: string;
  /** Whether POST /login exists. Set it to false if your own login takes a second step. Default: true. */
  login?: boolean;
  /**
   * Whether POST /register exists. Set it to false if only you create users. An object means true, and says which further fields
   * a registration has and how its user is created. Default: true.
   * @throws TypeError for a schema whose output nothing would keep
   */
  register?: boolean | RegistrationOptions<Fields>;
  /**
   * Origins besides the app's own whose pages may call the router and guarded routes with cookies. They are compared exactly, and
   * may have any scheme: `'https://app.example.com'`, `'capacitor://localhost'`. `'https://*.example.com'` means every subdomain one
   * label below; all of them must be yours. A function gets the origin, and returns at once whether it trusts it. Default: none.
   * @throws TypeError for an origin with a path, a slash at its end, or `*` elsewhere
   */
  trustedOrigins?: TrustedOrigins;
  /**
   * When other processes refuse the access tokens of a session that has ended: at once (`'instant'`), or when the tokens expire
   * (`'expiry'`). Use the same setting in every process. Default: `'instant'` if the store can do it, as all stores of this package
   * can; else `'expiry'`.
   * @throws TypeError for `'instant'` with a store that can't
   */
  revocation?: 'instant' | 'expiry';
  /**
   * What guards do while this process can't know which sessions have just ended, because it can't reach the store: answer 503
   * (`'deny'`), or go by the access token only (`'allow-until-expiry'`). Default: `'allow-until-expiry'`.
   * @throws TypeError for `'deny'` if `revocation` is not instant
   */
  onStoreDown?: OnStoreDown;
  /**
   * What a session keeps of the `User-Agent` header: all of it, a label such as `Chrome 142, Windows`, or nothing (false).
   * Default: `'full'`.
   */
  storeUserAgent?: 'full' | 'label' | false;
  /** Whether GET /refresh and GET /logout exist beside POST. Default: true. */
  getAliases?: boolean;
  /**
   * Whether GET /openapi.json exists, which describes the endpoints. An object means true, and gives the title, version and servers
   * of your API. Default: false.
   */
  openapi?: boolean | OpenApiInfo;
  /**
   * Whether GET /jwks.json exists, which gives other services the public keys of access tokens: all entries of `accessToken.secret`, with
   * or without a private key. Set `accessToken.issuer` and `audience` too; `createVerifier` requires them. Default: false.
   * @throws TypeError if `accessToken.algorithm` is HS256 or its kin, whose keys must stay secret
   */
  jwks?: boolean;
  /**
   * A scheme that the header `Authorization` may name besides `Bearer`, for clients that have one of their own: `'Token'`.
   * Default: none.
   * @throws TypeError for a scheme that carries something else, such as `Basic`
   */
  authScheme?: string;
  /**
   * The body of every failure in your own shape: `(error, req) => ({ error: error.code })`, of the router, guards and
   * `auth.errorHandler`. Status and headers stay. An object also names the media type, and a JSON Schema for the OpenAPI document:
   * `{ body, contentType, schema }`. Default: `{ code, message, errors? }`.
   * @throws TypeError for anything else
   */
  errorBody?: ErrorBody | ErrorBodyOptions;
  /**
   * The language of all answers: `'en'`, `'ko'` or one that `messages` adds. Default: the request's `Accept-Language` decides,
   * else English.
   * @throws TypeError for a language that has no texts
   */
  locale?: Locale;
  /**
   * Your own texts by language: `{ ko: { FORBIDDEN: '…' } }`. Texts that a new language lacks are English. Default: none.
   * @throws TypeError for an unknown text or a broken placeholder
   */
  messages?: MessagesOption;
  /**
   * Optional parts of the account, each made by a function that takes its own options: `emailAccount()`. Default: none.
   * @throws TypeError for a value that no such function has made
   */
  features?: readonly Feature[];
  /**
   * A function that gets a flat record of every security event, once: `(record) => log.info(record)`. An error that it throws
   * becomes a warning and fails no request. Default: none.
   */
  audit?: (record: AuditRecord) => unknown;
  /**
   * Your own Passport instance, to which the strategies `local` and `jwt` are added until `auth.close()`. Default: a new one.
   */
  passport?: Authenticator;
  /**
   * A function that returns milliseconds since 1970, to hold time still in tests. Default: the store's clock, or the machine's if
   * the store has none.
   */
  clock?: () => number;
}
