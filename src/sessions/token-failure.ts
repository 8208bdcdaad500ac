import { AuthError } from '../errors.js';
import { TokenError } from '../tokens/jwt.js';

/** The AuthError for a token that was refused; any other error as it is. */
export function toAuthError(error: unknown, token: 'ACCESS_TOKEN' | 'REFRESH_TOKEN'): unknown {
  if (!(error instanceof TokenError)) return error;
  return new AuthError(error.fault === 'expired' ? `${token}_EXPIRED` : `${token}_INVALID`);
}

/** What `verify` makes of the token; undefined for a missing or an invalid one. */
export function unlessInvalid<T>(token: string | undefined, verify: (token: string) => T): T | undefined {
  if (token === undefined) return undefined;
  try {
    return verify(token);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
