import { CANT_DENY } from '../sessions/revocations.js';
import type { OnStoreDown, SessionConfig } from '../sessions/session-config.js';
import type { FeatureClaims } from '../sessions/token-claims.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { ACR_VALUE } from '../utils/error-details.js';
import { shown } from '../utils/option-words.js';
import { lazySchema } from '../utils/lazy-schema.js';
import { parseCall } from '../utils/parse-call.js';

/** In `amr`, more than one factor (RFC 8176). */
const SECOND_FACTOR = 'mfa';

/** What `auth.guard` takes. */
export interface GuardOptions {
  /** Lets a request without a valid token pass as anonymous; `req.authInfo.code` says why. Default: false. */
  optional?: boolean;
  /** The user needs at least one of these roles, else 403 `FORBIDDEN`. Default: none. */
  roles?: readonly string[];
  /**
   * With the feature `emailAccount`: the user must have proved the address, else 403 `EMAIL_NOT_VERIFIED`. As it was at the login or
   * the last refresh. Throws a TypeError without the feature. Default: false.
   */
  emailVerified?: boolean;
  /**
   * With the feature `secondFactor` and its option `required`: also lets users pass who must enrol a second factor first, and have
   * `req.user.enrol`. For the page on which they do. Other guards refuse them: 403 `SECOND_FACTOR_ENROLMENT_REQUIRED`. Default: false.
   */
  beforeEnrolment?: boolean;
  /** `req.user` is the stored user as it is now, without the password hash. Costs one read of the user store. Default: false. */
  loadUser?: boolean;
  /** The latest proof of who the user is must be more recent than this, else 401 `REAUTHENTICATION_REQUIRED`. Default: any age. */
  freshWithin?: Duration;
  /**
   * The latest proof must be by one of these methods, by the names of RFC 8176 such as `'otp'`, else 401
   * `REAUTHENTICATION_REQUIRED`. Default: any method.
   */
  amr?: readonly string[];
  /**
   * The user must have proved a second factor in this session (`amr` has `'mfa'`), else 401 `REAUTHENTICATION_REQUIRED`. Default:
   * false.
   */
  secondFactor?: boolean;
  /** Asks the store whether the session still exists. Costs one read of the session store. Default: false. */
  checkSession?: boolean;
  /** What this guard does while its process can't know which sessions have just ended. Default: the option of `createAuth`. */
  onStoreDown?: OnStoreDown;
  /**
   * For pages that the server renders: also refreshes if there is a refresh cookie, and the access cookie is missing, has expired
   * or is past half of its lifetime. Costs one refresh then. Default: false.
   */
  renew?: boolean;
  /**
   * `'answer'`: the guard writes the answer of a refusal. `'next'`: it hands the AuthError to `next(error)`, and your error handler
   * writes the answer. Default: `'answer'`.
   */
  onFailure?: 'answer' | 'next';
}

/** What `auth.verify` takes: the options of a guard that need no response. */
export type VerifyOptions = Omit<GuardOptions, 'renew' | 'onFailure'>;

const verifySchema = lazySchema((z) =>
  z.strictObject({
    optional: z.boolean().default(false),
    roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
    emailVerified: z.boolean().default(false),
    beforeEnrolment: z.boolean().default(false),
    loadUser: z.boolean().default(false),
    freshWithin: z.unknown().optional(),
    amr: z
      .array(z.string().regex(ACR_VALUE, 'must be visible ASCII without spaces, quotes and backslashes'))
      .nonempty()
      .readonly()
      .optional(),
    secondFactor: z.boolean().default(false),
    checkSession: z.boolean().default(false),
    onStoreDown: z.enum(['deny', 'allow-until-expiry']).optional(),
  }),
);

const guardSchema = lazySchema((z) =>
  verifySchema().extend({
    renew: z.boolean().default(false),
    onFailure: z.enum(['answer', 'next']).default('answer'),
  }),
);

export interface ProofChecks {
  readonly freshWithinSeconds: number | undefined;
  /** Methods of which the proof must have one, for each option that asks for some. */
  readonly methods: readonly (readonly string[])[];
}

/** The options with their defaults filled in. */
export interface GuardChecks {
  readonly optional: boolean;
  readonly roles?: readonly string[] | undefined;
  readonly emailVerified: boolean;
  readonly beforeEnrolment: boolean;
  readonly loadUser: boolean;
  /** What the latest proof of the user must be like. Undefined: anything. */
  readonly proof: ProofChecks | undefined;
  readonly checkSession: boolean;
  readonly onStoreDown?: OnStoreDown | undefined;
}

export interface ParsedGuardOptions extends GuardChecks {
  readonly renew: boolean;
  readonly onFailure: 'answer' | 'next';
}

/** What options are checked against. */
interface Checkable {
  readonly config: Pick<SessionConfig, 'revocation'>;
  readonly featureClaims: FeatureClaims;
}

/** @throws TypeError that names the option and the cure */
export function parseGuardOptions(options: GuardOptions, services: Checkable): ParsedGuardOptions {
  const parsed = parseCall('guard()', guardSchema(), options);
  return { ...parsed, ...checksIn('guard()', parsed, services) };
}

/** @throws TypeError that names the option and the cure */
export function parseVerifyOptions(
  options: VerifyOptions,
  services: Checkable,
  call = 'verify()',
): GuardChecks {
  return checksIn(call, parseCall(call, verifySchema(), options), services);
}

/** Options whose members have the right types. */
interface Given extends Omit<GuardChecks, 'proof'> {
  freshWithin?: unknown;
  amr?: readonly string[] | undefined;
  secondFactor: boolean;
}

/** @throws TypeError that names the option and the cure */
export function checksIn(
  call: string,
  { freshWithin, amr, secondFactor, ...checks }: Given,
  { config: { revocation }, featureClaims }: Checkable,
): GuardChecks {
  if (checks.emailVerified && !featureClaims.emailVerified)
    throw new TypeError(
      `${call}: emailVerified needs the feature that knows it: put emailAccount() into the option features`,
    );
  if (checks.onStoreDown === 'deny' && revocation === 'expiry')
    throw new TypeError(`${call}: onStoreDown ${CANT_DENY}`);
  const freshWithinSeconds = freshWithin === undefined ? undefined : ageIn(call, freshWithin);
  const methods = [...(secondFactor ? [[SECOND_FACTOR]] : []), ...(amr ? [amr] : [])];
  const needsProof = freshWithinSeconds !== undefined || methods.length > 0;
  return { ...checks, proof: needsProof ? { freshWithinSeconds, methods } : undefined };
}

/**
 * @param name of the option, or of the parameter of the call
 * @throws TypeError that names it and the cure
 */
export function ageIn(call: string, age: unknown, name = 'freshWithin'): number {
  const seconds = durationInSeconds(age);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw new TypeError(
    `${call}: ${name} must be seconds or a text with its unit such as '5m'; got ${shown(age)}`,
  );
}
