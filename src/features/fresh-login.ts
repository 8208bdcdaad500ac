import type { RequestHandler } from 'express';
import type { FeatureContext } from './feature.js';

/** How old the proof of a login may be for a change of what logs the user in. */
export const FRESH_SECONDS = 300;

/** What a change of the user's factors needs first: a login younger than 5 minutes. Whether it was by a factor is asked after that. */
export function freshLoginGuards({
  guard,
  sameSite,
}: Pick<FeatureContext, 'guard' | 'sameSite'>): RequestHandler[] {
  // Anyone who changes the factors can take over the account, so a session that has just ended may not.
  return [sameSite, guard({ freshWithin: FRESH_SECONDS, checkSession: true, beforeEnrolment: true })];
}
