import { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ClaimsUser } from '../../sessions/ask-claims.js';
import { createKeySet, KeyError, MAKE_A_SECRET, type KeyInput, type KeySet } from '../../tokens/keys.js';
import { secretsIn } from '../../tokens/secrets-in.js';
import { durationInSeconds, type Duration } from '../../utils/duration.js';
import { parseCall } from '../../utils/parse-call.js';

/** What `secondFactor` takes. */
export interface SecondFactorOptions {
  /** What authenticator apps call your app. At most 64 characters, no colon. */
  issuer: string;
  /**
   * Seals the secrets of authenticator apps in the store: at least 32 bytes, a secret of its own. Of a list, the first one seals and
   * all of them open; a text with white space is read as a list. Without it no TOTP factor works any more.
   * @throws TypeError if it is missing or too short; `createAuth` throws one if it signs tokens too
   */
  key: KeyInput | readonly KeyInput[] | undefined;
  /**
   * The codes of authenticator apps that are enrolled from now on, and how many steps before and after the current one count.
   * Default: `{ digits: 6, period: 30, window: 1 }`; `period` in seconds. Many apps know only the default.
   */
  totp?: { digits?: 6 | 7 | 8; period?: number; window?: number };
  /** How many recovery codes a user gets: 1 to 50. Default: 10. */
  recoveryCodes?: number;
  /**
   * For how long a browser that the user trusts skips the second factor, from the day that the user says so: at most 90 days. `false`:
   * every login is asked. Default: `'30d'`.
   */
  trustedDevices?: Duration | false;
  /**
   * Who must have a second factor: `(user) => user.roles.includes('admin')`. Until such a user has enrolled one, logins answer with
   * `enrol: true`, and guards refuse all but the enrolment: 403 `SECOND_FACTOR_ENROLMENT_REQUIRED`. Asked at each login, refresh and
   * new password, for at most a second. If it fails or takes longer, the answer is 503. Default: no one.
   * @throws TypeError that goes to `next(error)`, if it returns anything but a boolean. No session begins then
   */
  required?: (user: ClaimsUser) => boolean | Promise<boolean>;
}

/** The options with their defaults filled in. */
export interface SecondFactorConfig {
  readonly issuer: string;
  /** The first one seals. */
  readonly keys: KeySet;
  readonly totp: { readonly digits: number; readonly periodSeconds: number; readonly window: number };
  readonly recoveryCodes: number;
  /** Undefined: no device is trusted. */
  readonly trustedDeviceSeconds: number | undefined;
  /** Undefined: no one must have a second factor. */
  readonly required: ((user: ClaimsUser) => unknown) | undefined;
}

const keyInput = z.custom<KeyInput>(
  (value) => typeof value === 'string' || value instanceof Uint8Array || value instanceof KeyObject,
);

const MAX_TRUST_SECONDS = 90 * 24 * 60 * 60;

const optionsSchema = z.strictObject({
  issuer: z
    .string()
    .regex(/^[^:\p{Cc}]{1,64}$/u, 'must have 1 to 64 characters, and neither a colon nor control characters')
    .refine((text) => text.trim() !== '' && text.isWellFormed(), 'must be a name'),
  key: z.union(
    [keyInput, z.array(keyInput).nonempty()],
    `must be a secret of at least 32 bytes, or a list of them: make one with ${MAKE_A_SECRET}, and keep it, such as in .env (node --env-file=.env app.mjs)`,
  ),
  totp: z
    .strictObject({
      digits: z.literal([6, 7, 8]).default(6),
      period: z.int().min(15).max(300).default(30),
      window: z.int().min(0).max(5).default(1),
    })
    .prefault({}),
  recoveryCodes: z.int().min(1).max(50).default(10),
  trustedDevices: z
    .unknown()
    .default('30d')
    .transform((value, context) => {
      if (value === false) return undefined;
      const seconds = durationInSeconds(value);
      if (seconds !== undefined && seconds > 0 && seconds <= MAX_TRUST_SECONDS) return seconds;
      context.addIssue({
        code: 'custom',
        message: "must be a duration of at most 90 days, such as '30d', or false",
      });
      return z.NEVER;
    }),
  required: z
    .custom<NonNullable<SecondFactorConfig['required']>>((value) => typeof value === 'function', {
      message: 'must be a function of the user that returns true or false',
    })
    .optional(),
});

/** @throws TypeError that names the option and the cure */
export function parseSecondFactorOptions(options: SecondFactorOptions): SecondFactorConfig {
  const {
    key,
    totp,
    trustedDevices: trustedDeviceSeconds,
    required,
    ...parsed
  } = parseCall('secondFactor()', optionsSchema, options);
  const { digits, period: periodSeconds, window } = totp;
  return {
    ...parsed,
    required,
    trustedDeviceSeconds,
    totp: { digits, periodSeconds, window },
    keys: keySetOf(key),
  };
}

function keySetOf(key: KeyInput | readonly KeyInput[]): KeySet {
  try {
    return createKeySet('HS256', typeof key === 'string' ? secretsIn(key) : [key].flat());
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    // The app has chosen no algorithm, so its name would explain nothing.
    const message = error.message.replace(' for HS256', '');
    throw new TypeError(`secondFactor(): key ${message}`, { cause: error });
  }
}
