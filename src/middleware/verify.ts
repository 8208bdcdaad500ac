import type { Request } from 'express';
import type { IncomingMessage } from 'node:http';
import { failureOf } from '../errors.js';
import { announceAndHandOver } from '../events/announce-outage.js';
import type { AuthEvents } from '../events/auth-events.js';
import { selectAccessToken, userIn, type AuthenticateRequest } from '../http/authenticate-request.js';
import type { AuthenticatedUser, LoadedUser } from '../http/authenticated-user.js';
import { isNodeRequest } from '../http/outside-express.js';
import { lazyOriginOf } from '../http/request-origin.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import { kindOf } from '../utils/option-words.js';
import { verifyFirstInStore, verifyWithoutStore, type GuardCheckServices } from './guard-checks.js';
import { parseVerifyOptions, type GuardChecks, type VerifyOptions } from './guard-options.js';
import { announceRefusal } from './refusals.js';

export interface VerifyServices extends GuardCheckServices {
  config: GuardCheckServices['config'] & Pick<SessionConfig, 'revocation'>;
  events: AuthEvents;
  authenticateRequest: AuthenticateRequest;
  featureClaims: FeatureClaims;
}

/** What `auth.verify` checks: a request, also one of an upgrade, or the text of an access token. Without either there is no token. */
export type VerifySource = IncomingMessage | string | undefined;

/** See `Auth.verify`. */
export interface Verify {
  (source: VerifySource, options: VerifyOptions & { loadUser: true; optional?: false }): Promise<LoadedUser>;
  (source: VerifySource, options?: VerifyOptions & { optional?: false }): Promise<AuthenticatedUser>;
  (source: VerifySource, options: VerifyOptions): Promise<AuthenticatedUser | undefined>;
}

/** The checks of a guard as a call. */
export function createVerify(services: VerifyServices): Verify {
  return verifyBy(services, (options) => parseVerifyOptions(options, services)) as Verify;
}

/** @param parse the options of a call */
export function verifyBy<Options extends object>(
  services: VerifyServices,
  parse: (options: Options) => GuardChecks,
): (source: VerifySource, options?: Options) => Promise<AuthenticatedUser | undefined> {
  const byDefault = parse({} as Options);
  // An app that hands over the same object each time pays for its parsing once.
  const parsed = new WeakMap<Options, GuardChecks>();
  const checksOf = (options: Options) => {
    const checks = parsed.get(options) ?? parse(options);
    parsed.set(options, checks);
    return checks;
  };

  return async function verify(source, options) {
    const checks = options === undefined ? byDefault : checksOf(options);
    const req = requestIn(source);
    const authenticate = req
      ? (ended?: readonly string[]) => services.authenticateRequest(req, ended)
      : () => userOfToken(services, source as string | undefined);
    return checkToken(services, checks, req, authenticate);
  };
}

/**
 * The checks of a guard. Announces what it refuses.
 * @param authenticate reads the token, or the next one that is of none of these sessions
 * @returns undefined only with `optional`
 */
export async function checkToken(
  services: VerifyServices,
  checks: GuardChecks,
  req: Request | undefined,
  authenticate: (ended?: readonly string[]) => AuthenticatedUser,
): Promise<AuthenticatedUser | undefined> {
  const { events } = services;
  const origin = lazyOriginOf(req);
  let token: AuthenticatedUser | undefined;
  try {
    token = authenticate();
    if (checks.loadUser || checks.checkSession)
      return await verifyFirstInStore(services, checks, authenticate, token);
    verifyWithoutStore(services, checks, token);
    return token;
  } catch (error) {
    if (checks.optional && failureOf(error).anonymous) return undefined;
    announceAndHandOver(events, error);
    announceRefusal(events, error, req, { ...token, origin });
    throw error;
  }
}

/** @throws AuthError that says why it is no good access token */
function userOfToken({ accessTokens }: VerifyServices, token: string | undefined): AuthenticatedUser {
  const presented = token ? [{ token, from: 'header' as const }] : [];
  return userIn(selectAccessToken(presented, accessTokens).claims);
}

/** @throws TypeError for what is neither a request nor a text */
function requestIn(source: VerifySource): Request | undefined {
  if (typeof source === 'string' || source === undefined) return undefined;
  if (isNodeRequest(source)) return source as Request;
  throw new TypeError(
    `verify() needs a request of Node or Express, or the text of an access token, not ${kindOf(source)}`,
  );
}
