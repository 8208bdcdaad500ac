import type { z } from 'zod';
import { authorizationOf } from '../http/authenticate-request.js';
import { cookieAttributes, longestToken } from '../http/cookies.js';
import { registrationConfig } from '../http/registration.js';
import { createTrustedOrigins } from '../http/trusted-origins.js';
import { createCatalogs } from '../messages/catalogs.js';
import { checkedUsers } from '../stores/checked-users.js';
import { timeOf } from '../stores/store-clock.js';
import { UserIds } from '../stores/user-ids.js';
import { isSignedBy, MAX_TOKEN_LENGTH } from '../tokens/jwt.js';
import {
  createKeySet,
  hashBytes,
  KeyError,
  MAKE_A_SECRET,
  type Algorithm,
  type KeySet,
  type Secret,
} from '../tokens/keys.js';
import { acceptedSecretsIn, secretsIn } from '../tokens/secrets-in.js';
import { inOurWords } from '../utils/option-words.js';
import { describeIssue } from '../utils/parse-call.js';
import type { AuthConfig } from './auth-config.js';
import type { AuthOptions } from './auth-options.js';
import { assertLifetimesFit } from './lifetimes.js';
import { consistentOptionsSchema, isInstant } from './options-schema.js';

/** @throws TypeError that names the option and the cure */
export function parseOptions(input: AuthOptions): AuthConfig {
  const parsed = consistentOptionsSchema.safeParse(input, { error: inOurWords });
  if (!parsed.success) throw new TypeError(parsed.error.issues.map(describe).join('\n'));
  const { accessToken, refreshToken, limits, messages, clock, ...options } = parsed.data;
  assertLifetimesFit(input, parsed.data);
  const accessKeys = keySet('accessToken.secret', accessToken.algorithm, accessToken.secret);
  const refreshKeys = keySet('refreshToken.secret', 'HS256', refreshToken.secret);
  assertNoOverlap(accessKeys, refreshKeys);
  const ids = new UserIds();
  const users = checkedUsers(options.users, ids);
  const flags = { ...options.cookies, domain: options.cookies.domain };
  const cookies = Object.freeze({
    ...flags,
    attributes: cookieAttributes(flags),
    isOurs: (token: string) => isSignedBy(token, accessKeys) || isSignedBy(token, refreshKeys),
  });

  return Object.freeze<AuthConfig>({
    ...options,
    users,
    register: options.register !== false,
    registration: Object.freeze(registrationConfig(options.register, users, ids)),
    accessToken: Object.freeze({
      keys: accessKeys,
      expiresInSeconds: accessToken.expiresIn,
      issuer: accessToken.issuer,
      audience: accessToken.audience,
      cacheSize: accessToken.cacheSize,
      hasAppClaims: accessToken.claims !== undefined,
    }),
    appClaims: accessToken.claims,
    refreshToken: Object.freeze({
      keys: refreshKeys,
      expiresInSeconds: refreshToken.expiresIn,
      maxLifetimeSeconds: refreshToken.maxLifetime,
      reuseWindowSeconds: refreshToken.reuseWindow,
    }),
    maxTokenLength: Object.freeze({
      cookie: longestToken(cookies.accessName, cookies),
      body: MAX_TOKEN_LENGTH,
    }),
    cookies,
    password: Object.freeze(options.password),
    limits: Object.freeze({
      username: limits.username && limits.username.failures,
      address: limits.address && limits.address.failures,
      register: limits.register && limits.register.attempts,
      password: limits.password && limits.password.failures,
      logins: limits.logins && limits.logins.successes,
    }),
    maxSessions: limits.sessions || undefined,
    trustedOrigins: createTrustedOrigins(options.trustedOrigins),
    errorBody: options.errorBody,
    authScheme: options.authScheme,
    authorization: authorizationOf(options.authScheme),
    locale: options.locale,
    catalogs: createCatalogs(messages),
    audit: options.audit,
    passport: options.passport,
    revocation: isInstant(options.revocation, options.refreshTokens) ? 'instant' : 'expiry',
    ...timeOf(options.refreshTokens, clock),
  });
}

function describe(issue: z.core.$ZodIssue): string {
  return describeIssue(issue, consistentOptionsSchema) || 'createAuth needs an object of options';
}

function keySet(option: string, algorithm: Algorithm, secrets: Secret | readonly Secret[]): KeySet {
  try {
    return createKeySet(algorithm, listOf(algorithm, secrets));
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const separator = error.message.startsWith('.') ? '' : ' '; // '.privateKey …' goes on the option's path
    throw new TypeError(option + separator + error.message, { cause: error });
  }
}

/** A text may hold a list too, because an environment variable can't hold anything else. @throws KeyError */
function listOf(algorithm: Algorithm, secrets: Secret | readonly Secret[]): readonly Secret[] {
  if (Array.isArray(secrets)) return secrets as readonly Secret[];
  if (typeof secrets !== 'string') return [secrets as Secret];
  const minBytes = hashBytes(algorithm);
  const words = secretsIn(secrets, minBytes);
  const short = words.findIndex((word) => Buffer.byteLength(word) < minBytes);
  if (short >= 0 && words.length > 1)
    throw new KeyError(
      `is a text with white space, so it is read as a list. Word ${short + 1} of ${words.length} has ` +
        `${Buffer.byteLength(words[short] as string)} bytes, but ${algorithm} needs at least ${minBytes}. ` +
        'If the text is one secret, pass [text]',
    );
  return acceptedSecretsIn(secrets, minBytes);
}

/** Equal keys have equal ids, whatever form they came in. */
function assertNoOverlap(access: KeySet, refresh: KeySet): void {
  for (const kid of refresh.kids) {
    if (!access.kids.has(kid)) continue;
    throw new TypeError(
      `refreshToken.secret must have no key in common with accessToken.secret: make one of its own with ${MAKE_A_SECRET}`,
    );
  }
}
