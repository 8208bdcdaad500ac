import type { AuthConfig } from '../config/auth-config.js';
import { AuthError } from '../errors.js';
import type { Revocations } from './revocations.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import type { AccessClaims } from '../tokens/access-token.js';
import { TokenError } from '../tokens/jwt.js';

/** What a guard does while this process can't know which sessions have just been revoked. */
export type OnStoreDown = 'deny' | 'allow-until-expiry';

/** Judges access tokens, without I/O. */
export class AccessTokens {
  readonly #config: AuthConfig;
  readonly #revocations: Revocations;
  readonly #verifier: AccessTokenVerifier;

  constructor(config: AuthConfig, revocations: Revocations) {
    this.#config = config;
    this.#revocations = revocations;
    this.#verifier = new AccessTokenVerifier(config.accessToken);
  }

  /**
   * Signature, form and times. The claims may be shared by many requests: copy what you hand out.
   * @throws AuthError ACCESS_TOKEN_EXPIRED, ACCESS_TOKEN_INVALID
   */
  verify(token: string): AccessClaims {
    try {
      return this.#verifier.verify(token, this.#config.now());
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      throw new AuthError(error.fault === 'expired' ? 'ACCESS_TOKEN_EXPIRED' : 'ACCESS_TOKEN_INVALID');
    }
  }

  /** @throws AuthError SESSION_REVOKED; or SERVICE_UNAVAILABLE: it can't be known, and `onStoreDown` denies that */
  assertNotRevoked(userId: string, sessionId: string, onStoreDown = this.#config.onStoreDown): void {
    if (this.#revocations.has(userId, sessionId)) throw new AuthError('SESSION_REVOKED');
    if (onStoreDown === 'deny') this.#revocations.assertCurrent();
  }
}
