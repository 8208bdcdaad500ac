import type { KeyObject } from 'node:crypto';
import type { Algorithm } from './algorithms.js';

/**
 * The `typ` of a token. `at+jwt` comes from RFC 9068. Refresh tokens have `rt+jwt`, so neither is accepted in place of the other
 * (RFC 8725 §3.11).
 */
export type TokenType = 'at+jwt' | 'rt+jwt';

/** A key that verifies, with the one algorithm that it is for (RFC 8725 §3.1). */
export interface VerificationKey {
  readonly algorithm: Algorithm;
  readonly key: KeyObject;
}

/** What verifies tokens. */
export interface VerificationKeys {
  /** The key for each whole header, encoded as it is before the first dot. No other header is ever accepted. */
  readonly byHeader: Readonly<Record<TokenType, ReadonlyMap<string, VerificationKey>>>;
}

/**
 * The version of a token's format: the member `ver` of its header. A token without `ver` is also of format 1, signed before there
 * were versions.
 */
export const TOKEN_FORMAT = 1;

/** Whether a token may have this header of this key, encoded as it is before the first dot. */
export function isHeaderOf(header: string, alg: Algorithm, typ: TokenType, kid: string): boolean {
  return FORMATS.some((ver) => headerOf(alg, typ, kid, ver) === header);
}

/** Those that are accepted. Undefined: a token from before there were versions. */
const FORMATS = [TOKEN_FORMAT, undefined] as const;

export function headerOf(alg: Algorithm, typ: TokenType, kid: string, ver?: number): string {
  return Buffer.from(JSON.stringify({ alg, typ, kid, ver })).toString('base64url');
}

/** The keys by the headers that their tokens may have. Of two keys with the same header the first counts. */
export function keysByHeader(
  keys: readonly (VerificationKey & { readonly kid: string })[],
): VerificationKeys['byHeader'] {
  const byHeader = (type: TokenType) => {
    const found = new Map<string, VerificationKey>();
    for (const { kid, algorithm, key } of keys)
      for (const ver of FORMATS) {
        const header = headerOf(algorithm, type, kid, ver);
        if (!found.has(header)) found.set(header, { algorithm, key });
      }
    return found;
  };
  return { 'at+jwt': byHeader('at+jwt'), 'rt+jwt': byHeader('rt+jwt') };
}
