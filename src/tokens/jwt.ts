import jsonwebtoken from 'jsonwebtoken';
import { isKeepable } from '../utils/keepable-text.js';
import { smallerTwin } from './ecdsa.js';
import { TOKEN_FORMAT, type TokenType, type VerificationKey, type VerificationKeys } from './headers.js';
import type { Algorithm, KeySet } from './keys.js';
import { isOwnSignature, ownSignature } from './own-signature.js';

/** Why a token is refused. The rule that an invalid token breaks stays a secret, because only attackers could use it. */
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

/** In characters, each of which is one byte. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** Our claims have at most a list in an object. A token with more levels than this was made to keep a parser busy. */
const MAX_NESTING = 8;
/** Character codes, because `isTooDeep` looks at every character of every new token, and numbers compare faster. */
const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
];
/** How far the clocks of processes and stores may differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** A token would be too long to be stored or sent. Only the developer can fix this, not the client. */
export class TokenTooLongError extends Error {
  override readonly name = 'TokenTooLongError';

  constructor(what: string, length: number, limit: number) {
    super(
      `${what} would be ${length} characters long, and ${limit} is the most that can be carried: give the user fewer or ` +
        'shorter roles or claims, and keep what they may do in detail in a table of your own',
    );
  }
}

/** @throws TokenTooLongError for a token that `selectKey` would refuse because of its length */
export function signJwt(type: TokenType, claims: Claims, keys: KeySet): string {
  const token = signWithoutLimit(type, claims, keys);
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  throw new TokenTooLongError(
    `A token of user ${JSON.stringify(claims.sub)}`,
    token.length,
    MAX_TOKEN_LENGTH,
  );
}

function signWithoutLimit(type: TokenType, claims: Claims, { algorithm, signing }: KeySet): string {
  const signed = `${signing.headers[type]}.${encode(JSON.stringify(claims))}`;
  const signature = ownSignature(algorithm, signing.key, signed);
  if (signature !== undefined) return `${signed}.${signature}`;
  const header = { alg: algorithm, typ: type, kid: signing.kid, ver: TOKEN_FORMAT };
  return withSmallerTwin(
    jsonwebtoken.sign(claims, signing.key, { algorithm: algorithm as jsonwebtoken.Algorithm, header }),
    algorithm,
  );
}

function withSmallerTwin(token: string, algorithm: Algorithm): string {
  const start = token.lastIndexOf('.') + 1;
  return token.slice(0, start) + encode(smallerTwin(algorithm, Buffer.from(token.slice(start), 'base64url')));
}

/** How long the signed token would be, in characters. Doesn't sign it. */
export function lengthOfJwt(type: TokenType, claims: Claims, { signing }: KeySet): number {
  const payloadBytes = Buffer.byteLength(JSON.stringify(claims));
  return (
    signing.headers[type].length + 2 + base64urlLength(payloadBytes) + base64urlLength(signing.signatureBytes)
  );
}

function base64urlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/**
 * Checks the signature, the type and the form. Leaves `exp` to `checkTimes`, because logout accepts expired tokens.
 * @throws TokenError 'invalid'
 */
export function verifySignature(token: string, type: TokenType, keys: VerificationKeys): Claims {
  const key = selectKey(token, type, keys);
  const end = token.lastIndexOf('.');
  const segment = token.slice(token.indexOf('.') + 1, end);
  const json = Buffer.from(segment, 'base64url').toString('utf8');
  // The depth is checked first, because jsonwebtoken parses the token that it verifies.
  if (isTooDeep(json) || !isSignature(token, end, key)) throw new TokenError('invalid');
  return checkClaims(parseCanonical(json, segment));
}

/**
 * Checks everything that needs no signature: the length, the three segments, and that the header is exactly one of ours. So the
 * key always comes from our own set, and a token with `jwk`, `jku`, `x5u`, `x5c` or `crit` is refused (RFC 8725 §3.10).
 * @throws TokenError 'invalid'
 */
export function selectKey(token: string, type: TokenType, keys: VerificationKeys): VerificationKey {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) throw new TokenError('invalid');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const key = keys.byHeader[type].get(token.slice(0, Math.max(first, 0)));
  if (!key || second === -1 || token.includes('.', second + 1)) throw new TokenError('invalid');
  return key;
}

/** Whether the header of the token names one of these keys. The signature isn't checked. */
export function isSignedBy(token: string, { byHeader }: VerificationKeys): boolean {
  const header = token.slice(0, Math.max(token.indexOf('.'), 0));
  return byHeader['at+jwt'].has(header) || byHeader['rt+jwt'].has(header);
}

/** @param end the index of the last dot */
function isSignature(token: string, end: number, { algorithm, key }: VerificationKey): boolean {
  const signature = token.slice(end + 1);
  const verdict = isOwnSignature(algorithm, key, token.slice(0, end), signature);
  if (verdict !== undefined) return verdict;
  try {
    jsonwebtoken.verify(token, key, {
      algorithms: [algorithm as jsonwebtoken.Algorithm],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  } catch {
    return false;
  }
  return encode(smallerTwin(algorithm, Buffer.from(signature, 'base64url'))) === signature;
}

/** Whether a JSON text has too many levels. Looks at each character once, and doesn't parse the text. */
function isTooDeep(json: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < json.length && depth <= MAX_NESTING; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) isQuoted = !isQuoted;
    else if (code === BACKSLASH) at += isQuoted ? 1 : 0;
    else if (isQuoted) continue;
    else if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) depth -= 1;
  }
  return depth > MAX_NESTING;
}

/**
 * Accepts only the one text that JSON.stringify and base64url give for the value. A text that parses but is written in another
 * way (duplicate members, `1e400`, white space, padding, broken UTF-8) doesn't come from this package.
 * @throws TokenError 'invalid'
 */
function parseCanonical(json: string, segment: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (encode(JSON.stringify(value)) === segment) return value;
  } catch {
    // Falls through: a text that can't be read is refused like one that was altered.
  }
  throw new TokenError('invalid');
}

function encode(content: string | Buffer): string {
  return Buffer.from(content as string).toString('base64url');
}

/** Checks that the claims which all our tokens have are there, with the right types. @throws TokenError 'invalid' */
function checkClaims(payload: unknown): Claims {
  if (!isObject(payload)) throw new TokenError('invalid');
  const { sub, sid, iat, exp } = payload;
  if (!isId(sub) || !isId(sid) || !isTime(iat) || !isTime(exp)) throw new TokenError('invalid');
  if (payload['nbf'] !== undefined && !isTime(payload['nbf'])) throw new TokenError('invalid');
  return payload as Claims;
}

/** A Date as tokens contain it: whole seconds since 1970 (NumericDate, RFC 7519 §2). */
export function numericDate(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** @throws TokenError 'expired', or 'invalid' for a token that is not valid yet */
export function checkTimes(claims: Claims, nowMs: number): void {
  const now = nowMs / 1000;
  const notBefore = Math.max(claims.iat, typeof claims['nbf'] === 'number' ? claims['nbf'] : 0);
  if (notBefore > now + CLOCK_TOLERANCE_SECONDS) throw new TokenError('invalid');
  if (claims.exp <= now) throw new TokenError('expired');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether every store can look up the text. */
function isId(value: unknown): value is string {
  return isKeepable(value) && value !== '';
}

/** Whole seconds since 1970, up to the year 5138. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e11;
}
