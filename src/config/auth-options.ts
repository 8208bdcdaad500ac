import type { Authenticator } from 'passport';
import type { AuditRecord } from '../events/audit.js';
import type { Feature } from '../features/feature.js';
import type { TrustedOrigins } from '../http/trusted-origins.js';
import type { OpenApiInfo } from '../openapi/openapi-options.js';
import type { Locale, MessagesOption } from '../messages/messages.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import type { Duration } from '../utils/duration.js';
import type { OnStoreDown } from '../sessions/session-config.js';
import type { Algorithm, Secret } from '../tokens/keys.js';

/** What `createAuth` takes. A duration is seconds, or a text with its unit such as `'30m'`. */
export interface AuthOptions {
  /** Where users live. */
  users: UserStore;
  /** Where sessions live. */
  refreshTokens: RefreshTokenStore;
  accessToken: {
    /**
     * HMAC: at least 32 bytes of text, bytes or a KeyObject. RS256, PS256, ES256 and kin: `{ privateKey, publicKey }`.
     * A list rotates keys: the first signs, all verify.
     */
    secret: Secret | readonly Secret[] | undefined;
    /** How long an access token lives; not longer than its session. Default: `'30m'`. */
    expiresIn?: Duration;
    /** Default: `'HS256'`. */
    algorithm?: Algorithm;
    /** `iss`, written and demanded. Default: none. */
    issuer?: string;
    /** `aud`, written and demanded. Default: none. */
    audience?: string;
    /** How many verified tokens a process keeps, to save verifying them again; 0 for none. Default: 10,000 (about 10 MB). */
    cacheSize?: number;
  };
  refreshToken: {
    /** At least 32 bytes, none of them the access token's. A list rotates keys. Always HS256. */
    secret: Secret | readonly Secret[] | undefined;
    /** How long a session lives without being used; each rotation renews it. At most `maxLifetime`. Default: `'3h'`. */
    expiresIn?: Duration;
    /** How long a session lives at most. Default: `'30d'`. */
    maxLifetime?: Duration;
    /** How long an exchanged token may be used again, by a second tab or after a lost answer. Default: `'30s'`. */
    reuseWindow?: Duration;
  };
  cookies?: {
    /** Default: `'accessToken'`. */
    accessName?: string;
    /** Default: `'refreshToken'`. */
    refreshName?: string;
    /** What the names of the cookies of `auth.flowState` begin with. Default: `'flowState'`. */
    flowName?: string;
    /** Default: true when NODE_ENV is `production`. */
    secure?: boolean;
    /** Default: `'strict'`. */
    sameSite?: 'strict' | 'lax' | 'none';
    /** Default: none, which means this host only. */
    domain?: string;
    /** Default: `'/'`. */
    path?: string;
  };
  password?: {
    /** In code points. Default: 8. */
    minLength?: number;
    /** bcrypt's cost, 10 to 31. Default: 12. */
    cost?: number;
    /**
     * What is done with a password that is too long for bcrypt, which reads 72 bytes. `'prehash'` hashes it first; only this package
     * can check such a hash. `'refuse'`, for a column that other code reads too, answers 400 at /register and /password, and 401 at
     * login. Default: `'prehash'`.
     */
    long?: 'prehash' | 'refuse';
  };
  /** Limits on attempts; false switches one off. */
  limits?: {
    /**
     * Failures in a row for one username, until each further attempt has to wait. An address that the user has logged in from
     * within 30 days (IPv6: its /64) has its own count, which strangers elsewhere can't use up. Default: `{ failures: 10 }`.
     */
    username?: false | { failures?: number };
    /** Failures a minute from one address (IPv6: its /64). Default: `{ failures: 50 }`. */
    address?: false | { failures?: number };
    /** Registrations an hour from one address. Default: `{ attempts: 10 }`. */
    register?: false | { attempts?: number };
    /** Wrong current passwords in a row for one user at /password. Default: `{ failures: 10 }`. */
    password?: false | { failures?: number };
  };
  /** The member of a login's body that holds the username. Default: `'username'`. */
  usernameField?: string;
  /** The member of a login's body that holds the password. Default: `'password'`. */
  passwordField?: string;
  /** Whether POST /login exists; false for logins that take a second step. Default: true. */
  login?: boolean;
  /** Whether POST /register exists. Default: true. */
  register?: boolean;
  /**
   * Origins besides the app's own whose pages may call it, compared exactly: `'https://app.example.com'`, or of any scheme, such as
   * `'capacitor://localhost'`. `'https://*.example.com'` is every subdomain one label below; all of them must be yours. Or a function
   * that returns at once whether it trusts an origin. Default: none.
   */
  trustedOrigins?: TrustedOrigins;
  /**
   * When other processes refuse the access tokens of a session that has ended: at once (`'instant'`), or when the tokens expire
   * (`'expiry'`). Default: `'instant'` where the store can do it; those for Redis and PostgreSQL can.
   */
  revocation?: 'instant' | 'expiry';
  /**
   * What guards do while this process can't know which sessions have just ended, because it can't reach the store: answer 503, or
   * go by the access token only. Default: `'allow-until-expiry'`.
   */
  onStoreDown?: OnStoreDown;
  /** What is kept of the `User-Agent` header: all of it, a label such as `Chrome 142, Windows`, or nothing. Default: `'full'`. */
  storeUserAgent?: 'full' | 'label' | false;
  /** Whether GET /refresh and GET /logout exist beside POST. Default: true. */
  getAliases?: boolean;
  /**
   * Whether GET /openapi.json exists, which describes the endpoints. An object serves it too, and gives the title of your API.
   * Default: false.
   */
  openapi?: boolean | OpenApiInfo;
  /** The language of all answers: `'en'`, `'ko'` or one that `messages` adds. Default: `Accept-Language` decides, else English. */
  locale?: Locale;
  /** Your own texts by language: `{ ko: { FORBIDDEN: '…' } }`. Texts that a new language lacks are English. Default: none. */
  messages?: MessagesOption;
  /** Optional parts of the account, each made by a function that takes its own options. Default: none. */
  features?: readonly Feature[];
  /**
   * Gets a record of every security event, once: `(record) => log.info(record)`. An error that it throws becomes a warning.
   * Default: none.
   */
  audit?: (record: AuditRecord) => unknown;
  /** Your own Passport instance, to which `local` and `jwt` are added. Default: a new one. */
  passport?: Authenticator;
  /** Milliseconds since 1970, to hold time still in tests. Default: the clock of the store, `Date.now` for tokens. */
  clock?: () => number;
}
