import { serviceUnavailable } from '../errors.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';
import type { AccessClaims, AccessTokenRules } from '../tokens/access-token.js';
import type { ReadJwkSet } from '../tokens/jwk-set.js';
import { mayBeOfAnotherKey } from '../tokens/unknown-key.js';
import type { KeySource } from './key-source.js';

/** Verifies access tokens with the keys that are known now. Other keys bring another cache: a token of a key that is gone is no good. */
export class KeyVerifier {
  readonly #source: KeySource;
  readonly #rules: Omit<AccessTokenRules, 'keys'>;
  #current: { keys: ReadJwkSet; verifier: AccessTokenVerifier } | undefined;

  constructor(source: KeySource, rules: Omit<AccessTokenRules, 'keys'>) {
    this.#source = source;
    this.#rules = rules;
  }

  /**
   * @throws TokenError
   * @throws AuthError SERVICE_UNAVAILABLE without any keys, and for a token of a key that may be among those that couldn't be read
   */
  verify(token: string, nowMs: number): AccessClaims {
    const { keys, failure } = this.#source;
    if (!keys || (failure && mayBeOfAnotherKey(token, keys))) throw serviceUnavailable(failure);
    if (this.#current?.keys !== keys) {
      this.#current = { keys, verifier: new AccessTokenVerifier({ ...this.#rules, keys }) };
    }
    return this.#current.verifier.verify(token, nowMs);
  }
}
