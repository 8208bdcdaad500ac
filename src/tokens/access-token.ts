import { randomBytes } from 'node:crypto';
import { appClaimsIn, type AppClaims } from './app-claims.js';
import {
  isTime,
  lengthOfJwt,
  numericDate,
  signJwt,
  TokenError,
  verifySignature,
  type Claims,
} from './jwt.js';
import type { VerificationKeys } from './headers.js';
import type { KeySet } from './keys.js';

/** What access tokens are judged by. */
export interface AccessTokenRules {
  readonly keys: VerificationKeys;
  readonly expiresInSeconds: number;
  readonly issuer: string | undefined;
  readonly audience: string | undefined;
  /** How many verified tokens are remembered. With 0 none is. */
  readonly cacheSize: number;
  /** Whether tokens carry claims of the app's own: all of them, none, or perhaps some. Default: false. */
  readonly hasAppClaims?: boolean | 'perhaps';
}

export interface AccessTokenConfig extends AccessTokenRules {
  readonly keys: KeySet;
}

/** Says that a token has the app's claims, even if they are none. Older processes, and those without such claims, ignore it. */
const HAS_APP_CLAIMS = 1;

/** The content of an access token. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
  roles: string[];
  /** When the user proved who they are. */
  authTime: Date;
  /** How the user proved it, if the login said so (RFC 8176). */
  amr?: readonly string[] | undefined;
  /** Whether the user has proved the address, if a feature knows. */
  emailVerified?: boolean | undefined;
  /** Whether the user must enrol a second factor before anything else, if a feature knows. */
  enrol?: boolean | undefined;
  issuedAt: Date;
  expiresAt: Date;
  /** The app's own, if the token was signed with them. Frozen, because many requests share them. */
  appClaims?: AppClaims | undefined;
}

/** @throws TokenTooLongError */
export function signAccessToken(claims: AccessClaims, config: AccessTokenConfig): string {
  return signJwt('at+jwt', payloadOf(claims, config, newTokenId), config.keys);
}

/** How long the signed token would be, in characters. */
export function accessTokenLength(claims: AccessClaims, config: AccessTokenConfig): number {
  return lengthOfJwt('at+jwt', payloadOf(claims, config, someTokenId), config.keys);
}

/** In base64url: 128 bits. */
const newTokenId = () => randomBytes(16).toString('base64url');
/** As long as any other. */
const someTokenId = () => '_'.repeat(22);

/** JSON leaves undefined members out. @param tokenId called only if the token has an id: random bytes cost as much as a signature */
function payloadOf(claims: AccessClaims, config: AccessTokenConfig, tokenId: () => string): Claims {
  const { issuer, audience } = config;
  return {
    iss: issuer,
    aud: audience,
    ...(issuer !== undefined && audience !== undefined && { jti: tokenId(), client_id: issuer }),
    sub: claims.userId,
    sid: claims.sessionId,
    roles: claims.roles,
    auth_time: numericDate(claims.authTime),
    amr: claims.amr,
    email_verified: claims.emailVerified,
    enrol: claims.enrol,
    iat: numericDate(claims.issuedAt),
    exp: numericDate(claims.expiresAt),
    // None of them has one of the names above, but for client_id.
    ...(claims.appClaims && { ver: HAS_APP_CLAIMS, ...claims.appClaims }),
  };
}

/** A token that has passed every check except `checkTimes`. */
export interface VerifiedAccessToken {
  readonly payload: Claims;
  readonly claims: AccessClaims;
}

/** Checks everything except the times, which `checkTimes` has to check at each use. @throws TokenError 'invalid' */
export function verifyAccessToken(token: string, config: AccessTokenRules): VerifiedAccessToken {
  const payload = verifySignature(token, 'at+jwt', config.keys);
  const { iss, aud, roles, amr, auth_time: authTime, email_verified: emailVerified, enrol } = payload;
  if (config.issuer !== undefined && iss !== config.issuer) throw new TokenError('invalid');
  if (config.audience !== undefined && aud !== config.audience) throw new TokenError('invalid');
  if (!isTexts(roles) || !(amr === undefined || isTexts(amr))) throw new TokenError('invalid');
  if (!isFlag(emailVerified) || !isFlag(enrol)) throw new TokenError('invalid');
  if (!(payload['jti'] === undefined || typeof payload['jti'] === 'string')) throw new TokenError('invalid');
  if (!isTime(authTime)) throw new TokenError('invalid');
  // Capped by the lifetime that is set now, even if the token was signed with a longer one: revocations are kept only that long.
  const exp = Math.min(payload.exp, payload.iat + config.expiresInSeconds);
  const claims = {
    userId: payload.sub,
    sessionId: payload.sid,
    roles,
    authTime: new Date(authTime * 1000),
    ...(amr && { amr }),
    ...(emailVerified !== undefined && { emailVerified }),
    ...(enrol !== undefined && { enrol }),
    ...(config.hasAppClaims &&
      payload['ver'] === HAS_APP_CLAIMS && { appClaims: appClaimsIn(withoutOwnClient(payload)) }),
    issuedAt: new Date(payload.iat * 1000),
    expiresAt: new Date(exp * 1000),
  };
  return { payload: { ...payload, exp }, claims };
}

/** A claim that a token may be without. */
function isFlag(value: unknown): value is boolean | undefined {
  return value === undefined || typeof value === 'boolean';
}

/**
 * RFC 9068 §2.2 requires a `client_id` beside issuer and audience. Only the login service asks for tokens, so it is its issuer's name,
 * unless the app has claimed another.
 */
function withoutOwnClient(payload: Claims): Readonly<Record<string, unknown>> {
  const { client_id: clientId, ...others } = payload;
  return clientId === undefined || clientId === payload['iss'] ? others : payload;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
