import { z } from 'zod';
import { durationInSeconds, type Duration } from '../utils/duration.js';

/** What `auth.flowState` takes. */
export interface FlowStateOptions {
  /** How long the user may take, at most an hour. Default: `'10m'`. */
  expiresIn?: Duration;
  /**
   * `'strict'` where the answer comes from a page of the app itself; `'none'` where another site's page posts it, and
   * `cookies.secure` is needed then. Default: `'lax'`, for an answer that comes as a redirect.
   */
  sameSite?: 'strict' | 'lax' | 'none';
  /** What the state is for: `'sign-up'`. Only who names it gets the state, so that one flow can't go on as another. Default: none. */
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
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw new TypeError(`flowState: ${z.prettifyError(parsed.error)}`);
  const { expiresIn, sameSite, purpose } = parsed.data;
  const expiresInSeconds = durationInSeconds(expiresIn) ?? 0;
  if (expiresInSeconds < 1 || expiresInSeconds > MAX_SECONDS)
    throw new TypeError("flowState: expiresIn must be a duration of at most an hour, such as '10m'");
  if (sameSite === 'none' && !secure)
    throw new TypeError("flowState: sameSite 'none' needs cookies.secure, or browsers drop the cookie");
  return { expiresInSeconds, sameSite, purpose };
}
