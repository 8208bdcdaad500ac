import { z } from 'zod';
import { durationInSeconds, type Duration } from '../utils/duration.js';
import { parseCall } from '../utils/parse-call.js';

/** What `auth.flowState` takes. */
export interface FlowStateOptions {
  /** How long the user may take, at most an hour. Default: `'10m'`. */
  expiresIn?: Duration;
  /**
   * How the provider's answer comes: from a page of the app itself (`'strict'`), as a redirect (`'lax'`), or as a form that another
   * site's page posts (`'none'`, which needs `cookies.secure`). Default: `'lax'`.
   */
  sameSite?: 'strict' | 'lax' | 'none';
  /** What the state is for: `'sign-up'`. `take` must name the same purpose, so one flow can't go on as another. Default: none. */
  purpose?: string;
}

export const MAX_SECONDS = 60 * 60;

const optionsSchema = z.strictObject({
  expiresIn: z.unknown().default('10m'),
  sameSite: z.enum(['strict', 'lax', 'none']).default('lax'),
  purpose: z.string().min(1).optional(),
});

/** @throws TypeError that names the option and the cure */
export function parseFlowOptions(options: FlowStateOptions = {}, secure: boolean) {
  const { expiresIn, sameSite, purpose } = parseCall('flowState', optionsSchema, options);
  const expiresInSeconds = durationInSeconds(expiresIn) ?? 0;
  if (expiresInSeconds < 1 || expiresInSeconds > MAX_SECONDS)
    throw new TypeError("flowState: expiresIn must be a duration of at most an hour, such as '10m'");
  if (sameSite === 'none' && !secure)
    throw new TypeError("flowState: sameSite 'none' needs cookies.secure, or browsers drop the cookie");
  return { expiresInSeconds, sameSite, purpose };
}
