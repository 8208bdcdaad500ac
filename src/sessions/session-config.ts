import type { CheckedUsers } from '../stores/checked-users.js';
import type { RefreshTokenStore } from '../stores/refresh-token-store.js';
import type { StoreTime } from '../stores/store-clock.js';
import type { AccessTokenConfig } from '../tokens/access-token.js';
import type { KeySet } from '../tokens/keys.js';
import type { Transport } from '../tokens/transport.js';
import type { ClaimsSource } from './ask-claims.js';

/** What a guard does while this process can't know which sessions have just been revoked. */
export type OnStoreDown = 'deny' | 'allow-until-expiry';

/** The highest limit on the sessions of a user, and the most that are listed without a limit: each is read and sent at once. */
export const MOST_SESSIONS = 1000;

/** What this folder needs of the options. */
export interface SessionConfig extends StoreTime {
  readonly users: CheckedUsers;
  readonly refreshTokens: RefreshTokenStore;
  readonly accessToken: AccessTokenConfig;
  /** Gives the access tokens claims of the app's own. */
  readonly appClaims: ClaimsSource | undefined;
  readonly refreshToken: {
    readonly keys: KeySet;
    readonly expiresInSeconds: number;
    readonly maxLifetimeSeconds: number;
    readonly reuseWindowSeconds: number;
  };
  /** How many sessions a user may have. Undefined: any number. */
  readonly maxSessions: number | undefined;
  /** The most characters that an access token may have, by the way it leaves. */
  readonly maxTokenLength: Readonly<Record<Transport, number>>;
  readonly revocation: 'instant' | 'expiry';
  readonly onStoreDown: OnStoreDown;
  readonly storeUserAgent: 'full' | 'label' | false;
}
