import { AuthError } from '../errors.js';
import type { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import type { AccessClaims } from '../tokens/access-token.js';
import type { Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';
import type { FeatureClaims } from './token-claims.js';
import { toAuthError } from './token-failure.js';

type AccessTokensConfig = Pick<SessionConfig, 'now' | 'onStoreDown'>;

/** Judges access tokens, without I/O. */
export class AccessTokens {
  readonly #config: AccessTokensConfig;
  readonly #revocations: Revocations;
  readonly #features: FeatureClaims;
  readonly #verifier: Pick<AccessTokenVerifier, 'verify'>;

  /** @param features what features say in access tokens */
  constructor(
    config: AccessTokensConfig,
    revocations: Revocations,
    features: FeatureClaims,
    verifier: Pick<AccessTokenVerifier, 'verify'>,
  ) {
    this.#config = config;
    this.#revocations = revocations;
    this.#features = features;
    this.#verifier = verifier;
  }

  /**
   * Checks signature, form and times. Many requests may share the claims it returns: copy what you hand out.
   * @throws AuthError ACCESS_TOKEN_EXPIRED, ACCESS_TOKEN_INVALID
   */
  verify(token: string): AccessClaims {
    let claims: AccessClaims;
    try {
      claims = this.#verifier.verify(token, this.#config.now());
    } catch (error) {
      throw toAuthError(error, 'ACCESS_TOKEN');
    }
    // Signed before the feature was there. A refresh brings a token with the claim.
    const { emailVerified, enrol } = this.#features;
    if ((emailVerified && claims.emailVerified === undefined) || (enrol && claims.enrol === undefined))
      throw new AuthError('ACCESS_TOKEN_EXPIRED');
    return claims;
  }

  /** Whether this process knows that the session has ended. */
  isRevoked(userId: string, sessionId: string): boolean {
    return this.#revocations.has(userId, sessionId);
  }

  /** @throws AuthError SESSION_REVOKED; SERVICE_UNAVAILABLE where it can't be known and `onStoreDown` is 'deny' */
  assertNotRevoked(userId: string, sessionId: string, onStoreDown = this.#config.onStoreDown): void {
    if (this.isRevoked(userId, sessionId)) throw new AuthError('SESSION_REVOKED');
    if (onStoreDown === 'deny') this.#revocations.assertCurrent();
  }
}
