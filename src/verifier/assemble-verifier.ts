import type { Request, RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import { AuthEvents } from '../events/auth-events.js';
import {
  authorizationOf,
  createAuthenticateRequest,
  extractAccessTokens,
} from '../http/authenticate-request.js';
import { isNodeRequest } from '../http/outside-express.js';
import { createLocaleOf, createTextsFor } from '../http/texts-for.js';
import { createTrustedOrigins } from '../http/trusted-origins.js';
import { createCatalogs } from '../messages/catalogs.js';
import { guardBy, type GuardServices } from '../middleware/token-verify.js';
import { verifyBy, type VerifySource } from '../middleware/verify.js';
import { AccessTokens } from '../sessions/access-tokens.js';
import { sayWhileWaiting, waitUntilReady } from '../sessions/ready.js';
import { Revocations } from '../sessions/revocations.js';
import { timeOf } from '../stores/store-clock.js';
import { callCatching, catchingNext } from '../utils/call-catching.js';
import { durationInSeconds } from '../utils/duration.js';
import { findKeys } from './find-keys.js';
import type { KeySource } from './key-source.js';
import { KeyVerifier } from './key-verifier.js';
import { checkVerifierOptions, parseVerifierGuard } from './verifier-options.js';
import type { Verifier, VerifierCheckOptions, VerifierOptions, VerifierVerify } from './verifier.js';

/** What warnings call a verifier. */
const OWNER = 'verifier';

/** Makes the parts of a verifier, and puts them together. @throws TypeError that names the option and the cure */
export function assembleVerifier(options: VerifierOptions): Verifier {
  checkVerifierOptions(options);
  const config = configOf(options);
  const events = new AuthEvents(config.now, undefined, OWNER);
  const revocations = new Revocations(config, events);
  const keys = findKeys(options, events);
  const accessTokens = new AccessTokens(config, revocations, {}, new KeyVerifier(keys, config.accessToken));
  const services: GuardServices = {
    config,
    events,
    accessTokens,
    authenticateRequest: createAuthenticateRequest(config, accessTokens),
    sessions: {
      find(userId, sessionId) {
        if (!options.revocations) throw new AuthError('SERVICE_UNAVAILABLE');
        return options.revocations.find(userId, sessionId);
      },
    },
    textsFor: createTextsFor(config, createLocaleOf(config)),
    renewals: undefined,
    featureClaims: {},
  };
  const store = { hasStore: options.revocations !== undefined };
  const tokensOf = (source: VerifySource) => tokensIn(source, config);
  const guard: Verifier['guard'] = (guardOptions = {}) =>
    onceKeysAreKnown(keys, tokensOf, guardBy(services, parseVerifierGuard('guard()', guardOptions, store)));
  const verify = verifyBy<VerifierCheckOptions>(services, (given) =>
    parseVerifierGuard('verify()', given, store),
  );
  revocations.follow();
  // Reads the store's clock early. Code that needs the time asks again.
  config.timeKnown().catch(() => undefined);

  return {
    tokenVerify: guard(),
    guard,
    verify: (async (source: VerifySource, given?: VerifierCheckOptions) => {
      await keys.neededFor(tokensOf(source));
      return verify(source, given);
    }) as VerifierVerify,
    events,
    async ready() {
      await sayWhileWaiting('the keys of the login service', keys.ready(), () => keys.failure, OWNER);
      await waitUntilReady(config, revocations, OWNER);
    },
    close() {
      keys.close();
      revocations.close();
      return Promise.resolve();
    },
  };
}

function configOf({ revocations, locale, clock, ...options }: VerifierOptions) {
  const time = timeOf(revocations ?? {}, clock);
  return {
    ...time,
    accessToken: {
      expiresInSeconds: durationInSeconds(options.expiresIn ?? '30m') as number,
      issuer: options.issuer,
      audience: options.audience,
      cacheSize: options.cacheSize ?? 10_000,
      hasAppClaims: 'perhaps' as const,
    },
    refreshTokens: revocations ?? {},
    revocation: revocations ? ('instant' as const) : ('expiry' as const),
    onStoreDown: options.onStoreDown ?? ('allow-until-expiry' as const),
    cookies: { accessName: options.cookieName ?? 'accessToken' },
    authorization: authorizationOf(),
    trustedOrigins: createTrustedOrigins(options.trustedOrigins ?? []),
    errorBody: undefined,
    locale,
    catalogs: createCatalogs({}),
  };
}

/** The access tokens that a request brings. What can't be read has none; the guard says what is wrong with it. */
function tokensIn(source: VerifySource, config: ReturnType<typeof configOf>): string[] {
  if (typeof source === 'string') return [source];
  try {
    return isNodeRequest(source)
      ? extractAccessTokens(source as Request, config).map(({ token }) => token)
      : [];
  } catch {
    return [];
  }
}

/** The guard, but a token whose key may have been published since waits for the keys. */
function onceKeysAreKnown(
  keys: KeySource,
  tokensOf: (source: VerifySource) => string[],
  guard: RequestHandler,
): RequestHandler {
  return function tokenVerify(req, res, next) {
    const asking = keys.neededFor(tokensOf(req));
    if (!asking) {
      guard(req, res, next);
      return;
    }
    const proceed = catchingNext(next);
    void asking.then(() => callCatching(() => guard(req, res, proceed), proceed));
  };
}
