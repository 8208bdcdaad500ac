import type { Authenticator } from 'passport';
import type { OnStoreDown } from '../sessions/access-tokens.js';
import type { AuthOptions } from './auth-options.js';
import type { OpenApiConfig } from '../openapi/openapi-options.js';
import type { Catalogs } from '../messages/catalogs.js';
import type { Locale } from '../messages/messages.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { UserStore } from '../stores/user-store.js';
import type { AccessTokenConfig } from '../tokens/access-token.js';
import type { CookieConfig } from '../http/cookies.js';
import type { KeySet } from '../tokens/keys.js';

export interface LimitsConfig {
  readonly username: number | undefined;
  readonly address: number | undefined;
  readonly register: number | undefined;
  readonly password: number | undefined;
}

/** The options with every default filled in and every key made: what the rest of the house works with. */
export interface AuthConfig {
  readonly users: UserStore;
  readonly refreshTokens: RefreshTokenStore;
  readonly accessToken: AccessTokenConfig;
  readonly refreshToken: {
    readonly keys: KeySet;
    readonly expiresInSeconds: number;
    readonly maxLifetimeSeconds: number;
    readonly reuseWindowSeconds: number;
  };
  readonly cookies: CookieConfig;
  readonly password: { readonly minLength: number; readonly cost: number };
  readonly limits: LimitsConfig;
  readonly usernameField: string;
  readonly passwordField: string;
  readonly login: boolean;
  readonly register: boolean;
  readonly trustedOrigins: ReadonlySet<string>;
  readonly getAliases: boolean;
  readonly revocation: 'instant' | 'expiry';
  readonly onStoreDown: OnStoreDown;
  readonly storeUserAgent: 'full' | 'label' | false;
  readonly openapi: OpenApiConfig;
  /** Undefined: each request says which. */
  readonly locale: Locale | undefined;
  readonly catalogs: Catalogs;
  readonly passport: Authenticator | undefined;
  readonly audit: AuthOptions['audit'];
  /** Milliseconds since 1970, by the clock of the store where that can tell. */
  readonly now: () => number;
  /** Resolves when `now` tells the store's time. @throws AuthError SERVICE_UNAVAILABLE */
  readonly timeKnown: () => Promise<void>;
  /** The time a store should go by: undefined means by its own clock. */
  readonly storeNow: () => Date | undefined;
}
