import { lru, type LRU } from 'tiny-lru';
import {
  verifyAccessToken,
  type AccessClaims,
  type AccessTokenConfig,
  type VerifiedAccessToken,
} from './access-token.js';
import { compactCopy } from '../utils/compact-copy.js';
import { checkTimes, TokenError } from './jwt.js';

/** A prime number, 64 kB: enough to know again what comes again soon. */
const FINGERPRINTS = 16_381;

/**
 * Verifies access tokens and remembers those that come again, by their whole text, so that a token costs its signature
 * twice and no more. What may change between two requests is judged anew at each: the times here, revocation by whoever asks. The keys
 * belong to the configuration and so to this cache: with other keys there is another cache.
 */
export class AccessTokenVerifier {
  readonly #config: AccessTokenConfig;
  readonly #verified: LRU<VerifiedAccessToken> | undefined;
  readonly #seen = new SeenTokens();

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
    // Keeping what never comes again would cost as much as the signature does.
    if (!known && this.#verified && this.#seen.add(token))
      this.#verified.set(compactCopy(token), { payload, claims });
    return claims;
  }
}

/** Which tokens have come before, as far as a table of fingerprints can tell. */
class SeenTokens {
  readonly #fingerprints = new Uint32Array(FINGERPRINTS);

  /** @returns whether it was there already; rarely wrong, and then a token is remembered sooner or later than it should */
  add(token: string): boolean {
    // The end of a signature is as good as random.
    let fingerprint = 1;
    for (let at = token.length - 8; at < token.length; at += 1)
      fingerprint = (Math.imul(fingerprint, 31) + token.charCodeAt(at)) >>> 0;
    const place = fingerprint % FINGERPRINTS;
    const wasThere = this.#fingerprints[place] === fingerprint;
    this.#fingerprints[place] = fingerprint;
    return wasThere;
  }
}
