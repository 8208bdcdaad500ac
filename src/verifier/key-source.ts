import { jsonWebToken } from '../tokens/json-web-token.js';
import type { ReadJwkSet } from '../tokens/jwk-set.js';
import { isOwnAlgorithm } from '../tokens/own-signature.js';

/** Where a verifier has its keys from. */
export interface KeySource {
  /** Undefined until the first keys have come. */
  readonly keys: ReadJwkSet | undefined;
  /** Why newer keys may be missing here; undefined where none is. */
  readonly failure: Error | undefined;
  /** What a request with these tokens should wait for. It never rejects. Undefined: nothing. */
  neededFor(tokens: readonly string[]): Promise<void> | undefined;
  /** Resolves once there are keys. @throws AuthError SERVICE_UNAVAILABLE when there are none for 10 seconds */
  ready(): Promise<void>;
  close(): void;
}

/** Keys that the app has handed over. */
export function fixedKeys(keys: ReadJwkSet): KeySource {
  prepareFor(keys);
  return {
    keys,
    failure: undefined,
    neededFor: () => undefined,
    ready: () => Promise.resolve(),
    close: () => undefined,
  };
}

/** Loads what verifies with these keys before the first request needs it. */
export function prepareFor({ byHeader }: ReadJwkSet): void {
  const keys = [...byHeader['at+jwt'].values()];
  if (keys.some(({ algorithm }) => !isOwnAlgorithm(algorithm))) jsonWebToken();
}
