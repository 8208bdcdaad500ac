import type { Session } from '../stores/refresh-token-store.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';
import { askClaims } from './ask-claims.js';
import type { AskedClaims } from './asked-claims.js';
import type { SessionConfig } from './session-config.js';
import type { TokenSize } from './token-size.js';

/** The claims that features bring, by name. Each is asked at every login and refresh; what it throws stops them. */
export interface FeatureClaims {
  /** `email_verified` in the access token, and `req.user.emailVerified`. */
  readonly emailVerified?: (user: StoredUser) => boolean | Promise<boolean>;
  /** `enrol` in the access token: guards let the user do nothing but enrol a second factor. */
  readonly enrol?: (user: StoredUser) => boolean | Promise<boolean>;
}

/** Asks the app and the features for the claims of access tokens. */
export class TokenClaims {
  readonly #config: Pick<SessionConfig, 'appClaims'>;
  readonly #features: FeatureClaims;
  readonly #tokenSize: TokenSize;

  constructor(config: Pick<SessionConfig, 'appClaims'>, features: FeatureClaims, tokenSize: TokenSize) {
    this.#config = config;
    this.#features = features;
    this.#tokenSize = tokenSize;
  }

  /** Whether there are any. */
  get exist(): boolean {
    const { emailVerified, enrol } = this.#features;
    return (this.#config.appClaims ?? emailVerified ?? enrol) !== undefined;
  }

  /**
   * The claims for the next access token of a session, which fits with them where it has to go.
   * @returns undefined where there are none
   * @throws what `askClaims` or a feature throws; TokenTooLongError
   */
  async fitting(
    user: StoredUser,
    session: Pick<Session, 'sessionId' | 'authTime' | 'amr'>,
    transport: Transport,
  ): Promise<AskedClaims | undefined> {
    const { appClaims: source } = this.#config;
    const ofFeatures = await this.ofFeatures(user);
    const claims = source ? { ...ofFeatures, appClaims: await askClaims(source, user, session) } : ofFeatures;
    this.#tokenSize.assertTokenFits(user, session, transport, claims);
    return claims;
  }

  /** Only the features' claims, which fit beside any user that fits. @returns undefined where there are none */
  async ofFeatures(user: StoredUser): Promise<AskedClaims | undefined> {
    const { emailVerified, enrol } = this.#features;
    if (!emailVerified && !enrol) return undefined;
    return {
      ...(emailVerified && { emailVerified: await emailVerified(user) }),
      ...(enrol && { enrol: await enrol(user) }),
    };
  }
}
