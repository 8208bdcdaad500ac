import { z } from 'zod';
import { CANT_DENY } from '../sessions/revocations.js';
import type { OnStoreDown, SessionConfig } from '../sessions/session-config.js';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { parseCall } from '../utils/parse-call.js';

/** What `auth.guard` takes. */
export interface GuardOptions {
  /** Lets a request without a good token pass as anonymous; `req.authInfo.code` says why. Default: false. */
  optional?: boolean;
  /** At least one of these is needed, else 403 FORBIDDEN. Default: none. */
  roles?: readonly string[];
  /** Reads the user from the store, and `req.user` is as stored now: one read. Default: false. */
  loadUser?: boolean;
  /** The login must be younger than this, else 401 REAUTHENTICATION_REQUIRED. Default: any age. */
  freshWithin?: Duration;
  /** Asks the store whether the session still exists: one read. Default: false. */
  checkSession?: boolean;
  /** What to do while this process may miss revocations. Default: the option of `createAuth`. */
  onStoreDown?: OnStoreDown;
  /**
   * Refreshes in passing, for pages that the server renders: when the access cookie has expired, is missing or has lived for half
   * of its life, and there is a refresh cookie. Default: false.
   */
  renew?: boolean;
}

const optionsSchema = z.strictObject({
  optional: z.boolean().default(false),
  roles: z.array(z.string().min(1)).nonempty().readonly().optional(),
  loadUser: z.boolean().default(false),
  freshWithin: z.unknown().optional(),
  checkSession: z.boolean().default(false),
  onStoreDown: z.enum(['deny', 'allow-until-expiry']).optional(),
  renew: z.boolean().default(false),
});

/** The options with their defaults filled in. */
export interface GuardChecks {
  readonly optional: boolean;
  readonly roles?: readonly string[] | undefined;
  readonly loadUser: boolean;
  readonly freshWithinSeconds: number | undefined;
  readonly checkSession: boolean;
  readonly onStoreDown?: OnStoreDown | undefined;
  readonly renew: boolean;
}

/** @throws TypeError that names the option and the cure */
export function parseGuardOptions(
  options: GuardOptions,
  { revocation }: Pick<SessionConfig, 'revocation'>,
): GuardChecks {
  const { freshWithin, ...checks } = parseCall('guard()', optionsSchema, options);
  if (checks.onStoreDown === 'deny' && revocation === 'expiry')
    throw new TypeError(`guard(): onStoreDown ${CANT_DENY}`);
  const freshWithinSeconds = freshWithin === undefined ? undefined : durationInSeconds(freshWithin);
  if (freshWithin !== undefined && !(freshWithinSeconds !== undefined && freshWithinSeconds > 0)) {
    throw new TypeError(
      `guard(): freshWithin must be seconds or a text with its unit such as '5m'; got ${JSON.stringify(freshWithin)}`,
    );
  }
  return { ...checks, freshWithinSeconds };
}
