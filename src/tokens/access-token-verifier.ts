import { lru, type LRU } from 'tiny-lru';
import {
  verifyAccessToken,
  type AccessClaims,
  type AccessTokenRules,
  type VerifiedAccessToken,
} from './access-token.js';
import { compactCopy } from '../utils/compact-copy.js';
import { checkTimes, MAX_TOKEN_LENGTH, TokenError } from './jwt.js';

/** The size of the table: a prime number, 64 kB. That is enough to recognise tokens that come again soon. */
const FINGERPRINTS = 16_381;

/**
 * Verifies access tokens. Remembers those that come a second time, by their whole text, so a token's signature is checked only
 * twice. What may change between two requests is checked each time: the times here, revocation by the caller. The keys belong to
 * the same configuration as this cache, so it never contains a token that was verified with other keys.
 */
export class AccessTokenVerifier {
  readonly #config: AccessTokenRules;
  readonly #verified: LRU<VerifiedAccessToken> | undefined;
  readonly #seen = new SeenTokens();

  constructor(config: AccessTokenRules) {
    this.#config = config;
    this.#verified = config.cacheSize === 0 ? undefined : lru(config.cacheSize);
  }

  /** @throws TokenError */
  verify(token: string, nowMs: number): AccessClaims {
    // Before the cache, whose table of texts would read and copy all of it: server code may hand over a text of any length.
    if (token.length > MAX_TOKEN_LENGTH) throw new TokenError('invalid');
    const known = this.#verified?.get(token);
    const { payload, claims } = known ?? verifyAccessToken(token, this.#config);
    // Signed before the app had claims of its own. A refresh brings a token with them; without them a guard would pass it half read.
    if (this.#config.hasAppClaims === true && !claims.appClaims) throw new TokenError('expired');
    try {
      checkTimes(payload, nowMs);
    } catch (error) {
      if (known && error instanceof TokenError && error.fault === 'expired') this.#verified?.delete(token);
      throw error;
    }
    // A token is kept only when it comes again, because keeping it costs as much as checking its signature.
    if (!known && this.#verified && this.#seen.add(token))
      this.#verified.set(compactCopy(token), { payload, claims });
    return claims;
  }
}

/** Remembers which tokens have come before, as far as a table of fingerprints can. */
class SeenTokens {
  readonly #fingerprints = new Uint32Array(FINGERPRINTS);

  /** @returns whether the token came before; a wrong answer is rare, and only caches a token sooner or later than necessary */
  add(token: string): boolean {
    // The end of a signature is as good as a random text.
    let fingerprint = 1;
    for (let at = token.length - 8; at < token.length; at += 1)
      fingerprint = (Math.imul(fingerprint, 31) + token.charCodeAt(at)) >>> 0;
    const place = fingerprint % FINGERPRINTS;
    const wasSeen = this.#fingerprints[place] === fingerprint;
    this.#fingerprints[place] = fingerprint;
    return wasSeen;
  }
}
