import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { TOKEN_FORMAT, type Algorithm, type KeySet, type TokenType } from './keys.js';

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

/** Characters, each of which is a byte. */
export const MAX_TOKEN_LENGTH = 8 * 1024;
/** No claim of ours is more than a list in an object; whatever goes deeper was made to keep a parser busy. */
const MAX_NESTING = 8;
/** Compared as numbers, because every new token passes here character by character. */
const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [
  0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d,
];
/** So much may the clocks of processes and stores differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/** Node's names of the hashes. All other algorithms are jsonwebtoken's: there it is the key that takes the time. */
const HMAC_HASHES: Partial<Record<Algorithm, string>> = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' };

/** A token that nobody could keep or send. The developer's to mend: no client can do anything about it. */
export class TokenTooLongError extends Error {
  override readonly name = 'TokenTooLongError';

  constructor(what: string, length: number, limit: number) {
    super(
      `${what} would be ${length} characters long, and ${limit} is the most that can be carried: give the user fewer or ` +
        'shorter roles, and keep what they may do in detail in a table of your own',
    );
  }
}

/** @throws TokenTooLongError: nothing is handed out that would be refused */
export function signJwt(type: TokenType, claims: Claims, keys: KeySet): string {
  const token = signAnyJwt(type, claims, keys);
  if (token.length <= MAX_TOKEN_LENGTH) return token;
  throw new TokenTooLongError(
    `A token of user ${JSON.stringify(claims.sub)}`,
    token.length,
    MAX_TOKEN_LENGTH,
  );
}

function signAnyJwt(type: TokenType, claims: Claims, { algorithm, signing }: KeySet): string {
  const hash = HMAC_HASHES[algorithm];
  if (hash === undefined) {
    const header = { alg: algorithm, typ: type, kid: signing.kid, ver: TOKEN_FORMAT };
    return jsonwebtoken.sign(claims, signing.key, { algorithm, header });
  }
  const signed = `${signing.headers[type]}.${encode(JSON.stringify(claims))}`;
  return `${signed}.${hmac(hash, signing.key, signed)}`;
}

/** How long the token would be, without signing it. */
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
 * Checks signature, type and form; `exp` is left to `checkTimes`, because logout takes expired tokens.
 * @throws TokenError 'invalid'
 */
export function verifySignature(token: string, type: TokenType, keys: KeySet): Claims {
  const key = selectKey(token, type, keys);
  const end = token.lastIndexOf('.');
  const segment = token.slice(token.indexOf('.') + 1, end);
  const json = Buffer.from(segment, 'base64url').toString('utf8');
  // The depth first: jsonwebtoken parses what it verifies.
  if (isTooDeep(json) || !isSignature(token, end, keys.algorithm, key)) throw new TokenError('invalid');
  return checkClaims(parseCanonical(json, segment));
}

/**
 * What must hold before a signature is worth checking: size, three segments, one of our own headers to the letter. So the
 * key comes from our own set and nowhere else: no `jwk`, `jku`, `x5u`, `x5c`, `crit` gets past it (RFC 8725 §3.10).
 * @throws TokenError 'invalid'
 */
export function selectKey(token: string, type: TokenType, keys: KeySet): KeyObject {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) throw new TokenError('invalid');
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  const key = keys.byHeader[type].get(token.slice(0, Math.max(first, 0)));
  if (!key || second === -1 || token.includes('.', second + 1)) throw new TokenError('invalid');
  return key;
}

/** @param end where the last dot stands */
function isSignature(token: string, end: number, algorithm: Algorithm, key: KeyObject): boolean {
  const signature = token.slice(end + 1);
  const hash = HMAC_HASHES[algorithm];
  if (hash !== undefined) return equalInConstantTime(signature, hmac(hash, key, token.slice(0, end)));
  try {
    jsonwebtoken.verify(token, key, {
      algorithms: [algorithm],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
  } catch {
    return false;
  }
  return encode(Buffer.from(signature, 'base64url')) === signature;
}

/** Compared as text, so that a signature has one text and no other. */
function equalInConstantTime(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function hmac(hash: string, key: KeyObject, text: string): string {
  return createHmac(hash, key).update(text).digest('base64url');
}

/** Whether a JSON text is nested further than any claim is, without parsing it; each character is looked at once. */
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
 * One token, one text: what parses but isn't written the way JSON.stringify and base64url write it (duplicate members,
 * `1e400`, white space, padding, broken UTF-8) is somebody else's work.
 */
function parseCanonical(json: string, segment: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    if (encode(JSON.stringify(value)) === segment) return value;
  } catch {
    // falls through: unreadable is as bad as altered
  }
  throw new TokenError('invalid');
}

function encode(content: string | Buffer): string {
  return Buffer.from(content as string).toString('base64url');
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

/** Text that every store can be asked for: PostgreSQL knows no NUL, and UTF-8 no half of a surrogate pair. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/[\0\ud800-\udfff]/u.test(value);
}

/** Whole seconds of this and the next few thousand years. */
export function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e11;
}
