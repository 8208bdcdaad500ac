import { MAX_TOKEN_LENGTH } from './jwt.js';
import { isAsymmetric } from './algorithms.js';
import { isHeaderOf, type VerificationKeys } from './headers.js';

/** A header that names a key has about 130 characters. */
const MAX_HEADER_LENGTH = 512;

/**
 * Whether the token has the header of an access token, as this package writes it, of a key that isn't among these. Any other token is
 * refused without asking for keys. The signature isn't checked, so anyone can write such a token.
 */
export function mayBeOfAnotherKey(token: string, { byHeader }: VerificationKeys): boolean {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return false;
  const header = token.slice(0, Math.max(token.indexOf('.'), 0));
  if (header === '' || header.length > MAX_HEADER_LENGTH || byHeader['at+jwt'].has(header)) return false;
  const { alg, kid } = membersOf(header);
  return typeof kid === 'string' && kid !== '' && isAsymmetric(alg) && isHeaderOf(header, alg, 'at+jwt', kid);
}

function membersOf(header: string): { alg?: unknown; kid?: unknown } {
  try {
    return (JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) ?? {}) as { alg?: unknown };
  } catch {
    return {};
  }
}
