import { isOrigin, ORIGIN_FORM } from '../http/trusted-origins.js';
import { checksIn, type ParsedGuardOptions } from '../middleware/guard-options.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import {
  aBoolean,
  check,
  checkOptions,
  isText,
  oneOf,
  optional,
  type OptionCheck,
} from '../utils/check-options.js';
import { durationInSeconds, MAX_LIFETIME_SECONDS } from '../utils/duration.js';
import { ACR_VALUE } from '../utils/error-details.js';
import { kindOf } from '../utils/option-words.js';
import type { VerifierCheckOptions, VerifierGuardOptions, VerifierOptions } from './verifier.js';

const VERIFIER: Readonly<Record<keyof VerifierOptions, OptionCheck>> = {
  jwks: check(
    (value) => isText(value) || (typeof value === 'object' && value !== null),
    "must be the address of the login service's /jwks.json, or a JWK Set",
  ),
  issuer: ownName('issuer'),
  audience: ownName('audience'),
  revocations: optional(
    check(
      (value) => typeof (value as { followRevocations?: unknown } | null)?.followRevocations === 'function',
      'must be the store of sessions, with the method followRevocations',
    ),
  ),
  onStoreDown: oneOf('deny', 'allow-until-expiry'),
  expiresIn: optional((value) => {
    const seconds = durationInSeconds(value);
    return seconds !== undefined && seconds > 0 && seconds <= MAX_LIFETIME_SECONDS
      ? undefined
      : "must be seconds or a text with its unit such as '30m'";
  }),
  cookieName: optional(
    check(
      (value) => isText(value) && /^[!#$%&'*+\-.^_`|~\w]+$/.test(value),
      'must be a cookie name: letters, digits, - and _',
    ),
  ),
  trustedOrigins: optional((value) => {
    if (typeof value === 'function') return undefined;
    if (!Array.isArray(value)) return `must be a list of origins or a function, not ${kindOf(value)}`;
    return value.every((each) => typeof each === 'string' && isOrigin(each)) ? undefined : ORIGIN_FORM;
  }),
  locale: oneOf('en', 'ko'),
  cacheSize: optional(
    check(
      (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= 1_000_000,
      'must be a whole number from 0 to 1,000,000',
    ),
  ),
  allowHttp: aBoolean,
  clock: optional(check((value) => typeof value === 'function', 'must be a function')),
};

/** Keys that others can check are shared by all whom they reach. Only these two claims tell whom a token is for (RFC 8725 §3.9). */
function ownName(name: 'issuer' | 'audience'): OptionCheck {
  return (value) =>
    isText(value)
      ? undefined
      : `is missing: without it this service would accept what the same keys sign for others. Give it accessToken.${name} of the login service`;
}

/** @throws TypeError that names the options at fault and the cure */
export function checkVerifierOptions(options: VerifierOptions): void {
  checkOptions('createVerifier()', VERIFIER, options);
  if (options.onStoreDown === 'deny' && !options.revocations)
    throw new TypeError(
      "createVerifier(): onStoreDown is 'deny', which needs the option revocations: give it the store of sessions, or leave onStoreDown out",
    );
}

/** A list that isn't empty. @param mustHave said of a list with a wrong entry */
function listOf(isGood: (each: unknown) => boolean, must: string, mustHave: string): OptionCheck {
  return (value) => {
    if (!Array.isArray(value) || value.length === 0) return `${must}, not ${kindOf(value)}`;
    const wrong = value.findIndex((each) => !isGood(each));
    return wrong < 0 ? undefined : `${mustHave}, and has ${kindOf(value[wrong])}`;
  };
}

const CHECKS: Readonly<Record<keyof VerifierCheckOptions, OptionCheck>> = {
  optional: aBoolean,
  roles: optional(listOf(isText, 'must be a list of at least one role', 'must be a list of texts')),
  emailVerified: aBoolean,
  beforeEnrolment: aBoolean,
  freshWithin: () => undefined, // checksIn reads it
  amr: optional(
    listOf(
      (each) => isText(each) && ACR_VALUE.test(each),
      'must be a list of methods, such as otp',
      'must be a list of methods in visible ASCII without spaces, quotes and backslashes',
    ),
  ),
  secondFactor: aBoolean,
  checkSession: aBoolean,
  onStoreDown: oneOf('deny', 'allow-until-expiry'),
};
const GUARD: Readonly<Record<keyof VerifierGuardOptions, OptionCheck>> = {
  ...CHECKS,
  onFailure: oneOf('answer', 'next'),
};

/** What guards of createAuth can do and those of a verifier can't. */
const NOT_HERE = {
  loadUser:
    'needs the user store, which only the login service has: use its claims, or ask your own database for req.user.id',
  renew: 'needs the refresh token, which only the login service exchanges: let the client refresh there',
};

/** Each token says itself whether its address is verified. */
const CLAIMS: FeatureClaims = { emailVerified: () => true };

/** @param hasStore whether there is the option `revocations`. @throws TypeError that names the option and the cure */
export function parseVerifierGuard(
  call: 'guard()' | 'verify()',
  options: VerifierGuardOptions,
  { hasStore }: { hasStore: boolean },
): ParsedGuardOptions {
  for (const [name, why] of Object.entries(NOT_HERE))
    if ((options as Record<string, unknown> | null)?.[name]) throw new TypeError(`${call}: ${name} ${why}`);
  checkOptions(call, call === 'guard()' ? GUARD : CHECKS, options);
  for (const [name, value] of [
    ['checkSession', options.checkSession],
    ["onStoreDown 'deny'", options.onStoreDown === 'deny'],
  ] as const)
    if (value && !hasStore)
      throw new TypeError(
        `${call}: ${name} needs the option revocations of createVerifier: give it the store of sessions`,
      );
  const off = { optional: false, emailVerified: false, beforeEnrolment: false, secondFactor: false };
  const { onFailure = 'answer', ...given } = {
    ...off,
    checkSession: false,
    ...defined(options),
    loadUser: false,
  };
  const services = {
    config: { revocation: hasStore ? 'instant' : 'expiry' },
    featureClaims: CLAIMS,
  } as const;
  return { ...checksIn(call, given, services), onFailure, renew: false };
}

/** Without members that are undefined, which would take the place of a default. */
function defined(options: VerifierGuardOptions): Partial<Required<VerifierGuardOptions>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
