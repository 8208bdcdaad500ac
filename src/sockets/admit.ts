import type { Request } from 'express';
import { AuthError } from '../errors.js';
import {
  extractAccessTokens,
  selectAccessToken,
  userIn,
  type AccessTokenPlaces,
  type PresentedToken,
} from '../http/authenticate-request.js';
import { isCrossSite, type SiteConfig } from '../http/cross-site.js';
import type { GuardChecks } from '../middleware/guard-options.js';
import { checkToken, type VerifyServices } from '../middleware/verify.js';
import type { AccessClaims } from '../tokens/access-token.js';
import type { Admission } from './live-sockets.js';

export interface AdmitServices extends VerifyServices {
  config: VerifyServices['config'] & SiteConfig & AccessTokenPlaces;
}

/**
 * The tokens of a handshake. Whatever its method: a connection that stays open is no safe request.
 * @throws AuthError CROSS_SITE_REQUEST for a cookie that the page of another site has made the browser send
 */
export function tokensOfHandshake(req: Request, config: AdmitServices['config']): PresentedToken[] {
  const presented = extractAccessTokens(req, config);
  if (presented[0]?.from === 'cookie' && isCrossSite(req, config.trustedOrigins))
    throw new AuthError('CROSS_SITE_REQUEST');
  return presented;
}

/**
 * The checks of a guard for a connection that stays open.
 * @param read the tokens that were presented
 * @returns undefined only with `optional`
 * @throws AuthError
 */
export async function admit(
  services: AdmitServices,
  checks: GuardChecks,
  req: Request | undefined,
  read: () => readonly PresentedToken[],
): Promise<Admission | undefined> {
  let presented: readonly PresentedToken[] | undefined;
  let claims: AccessClaims | undefined;
  const user = await checkToken(services, checks, req, (ended) => {
    presented ??= read();
    claims = selectAccessToken(presented, services.accessTokens, ended).claims;
    return userIn(claims);
  });
  // Of the tokens that were read the last one was accepted.
  return user && { user, claims: claims as AccessClaims };
}
