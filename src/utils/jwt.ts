import type { KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import type { KeySet } from './keys.js';

/** `at+jwt` is RFC 9068's; a refresh token says `rt+jwt`, so that neither ever passes for the other (RFC 8725 §3.11). */
export type TokenType = 'at+jwt' | 'rt+jwt';

/** Why a token is refused; which rule it broke is nobody's business but ours. */
export type TokenFault = 'expired' | 'invalid';

export class TokenError extends Error {
  readonly fault: TokenFault;

  constructor(fault: TokenFault) {
    super(`token ${fault}`);
    this.fault = fault;
  }
}

export interface Claims extends Record<string, unknown> {
  sub: string;
  sid: string;
  iat: number;
  exp: number;
}

const MAX_TOKEN_BYTES = 8 * 1024;
/** So much may the clocks of processes and stores differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;

export function signJwt(type: TokenType, claims: Claims, keys: KeySet): string {
  return jsonwebtoken.sign(claims, keys.signing.key, {
    algorithm: keys.algorithm,
    header: { alg: keys.algorithm, typ: type, kid: keys.signing.kid },
  });
}

/**
 * Checks signature, type and form; `exp` is left to `checkTimes`, because logout takes expired tokens.
 * @throws TokenError 'invalid'
 */
export function verifySignature(token: string, type: TokenType, keys: KeySet): Claims {
  const key = selectKey(token, type, keys);
  let payload: unknown;
  try {
    payload = jsonwebtoken.verify(token, key, {
      algorithms: [keys.algorithm],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  } catch {
    throw new TokenError('invalid');
  }
  return checkClaims(payload);
}

/**
 * What must hold before a signature is worth checking: size, form, header. The key comes from our own set and
 * nowhere else: no `jwk`, `jku`, `x5u`, `x5c`, `crit` gets past the comparison of the whole header (RFC 8725 §3.10).
 * @throws TokenError 'invalid'
 */
export function selectKey(token: string, type: TokenType, keys: KeySet): KeyObject {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) throw new TokenError('invalid');
  const [header, payload, signature, ...more] = token.split('.');
  if (!header || !payload || !signature || more.length > 0) throw new TokenError('invalid');
  if (Buffer.from(signature, 'base64url').toString('base64url') !== signature)
    throw new TokenError('invalid');

  const { kid, ...rest } = parseCanonical(header);
  const key = typeof kid === 'string' ? keys.verification.get(kid) : undefined;
  if (!key || rest['typ'] !== type || rest['alg'] !== keys.algorithm || Object.keys(rest).length !== 2) {
    throw new TokenError('invalid');
  }
  parseCanonical(payload);
  return key;
}

/**
 * One token, one text: what parses but isn't written the way JSON.stringify and base64url write it (duplicate members,
 * `1e400`, white space, padding, broken UTF-8) is somebody else's work.
 */
function parseCanonical(segment: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
    if (isObject(value) && Buffer.from(JSON.stringify(value)).toString('base64url') === segment) return value;
  } catch {
    // falls through: unreadable is as bad as altered
  }
  throw new TokenError('invalid');
}

/** The members that every token of ours has, with their types. @throws TokenError 'invalid' */
export function checkClaims(payload: unknown): Claims {
  if (!isObject(payload)) throw new TokenError('invalid');
  const { sub, sid, iat, exp } = payload;
  if (!isId(sub) || !isId(sid) || !isTime(iat) || !isTime(exp)) throw new TokenError('invalid');
  if (payload['nbf'] !== undefined && !isTime(payload['nbf'])) throw new TokenError('invalid');
  return payload as Claims;
}

/** @throws TokenError */
export function checkTimes(claims: Claims, nowMs: number): void {
  const now = nowMs / 1000;
  const notBefore = Math.max(claims.iat, typeof claims['nbf'] === 'number' ? claims['nbf'] : 0);
  if (notBefore > now + CLOCK_TOLERANCE_SECONDS) throw new TokenError('invalid');
  if (claims.exp <= now) throw new TokenError('expired');
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Whole seconds of this and the next few thousand years. */
function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e11;
}
