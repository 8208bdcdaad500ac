import { lru, type LRU } from 'tiny-lru';
import {
  verifyAccessToken,
  type AccessClaims,
  type AccessTokenConfig,
  type VerifiedAccessToken,
} from './access-token.js';
import { checkTimes, TokenError } from './jwt.js';

/**
 * Verifies access tokens and remembers those that passed, by their whole text, so that the same token costs its signature
 * once. What may change between two requests is judged anew at each: the times here, revocation by whoever asks. The keys
 * belong to the configuration and so to this cache: with other keys there is another cache.
 */
export class AccessTokenVerifier {
  readonly #config: AccessTokenConfig;
  readonly #verified: LRU<VerifiedAccessToken> | undefined;

  constructor(config: AccessTokenConfig) {
    this.#config = config;
    this.#verified = config.cacheSize === 0 ? undefined : lru(config.cacheSize);
  }

  /** @throws TokenError */
  verify(token: string, nowMs: number): AccessClaims {
    const known = this.#verified?.get(token);
    const { payload, claims } = known ?? verifyAccessToken(token, this.#config);
    try {
      checkTimes(payload, nowMs);
    } catch (error) {
      if (known && error instanceof TokenError && error.fault === 'expired') this.#verified?.delete(token);
      throw error;
    }
    if (!known) this.#verified?.set(copyOf(token), { payload, claims });
    return claims;
  }
}

/** A slice of a header keeps the whole header in memory for as long as the slice lives. A token is ASCII once it is verified. */
function copyOf(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1');
}
