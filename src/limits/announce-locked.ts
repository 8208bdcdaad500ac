import type { LimitName } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { Requester } from './requester.js';

/** Which limit refused an attempt, for whom, and when to try again. */
interface Locked {
  readonly limit: LimitName;
  readonly key: string;
  readonly retryAfterSeconds: number;
}

/** Announces `locked`: an attempt was refused before it was judged. */
export function announceLocked(
  events: Pick<AuthEvents, 'announce'> | undefined,
  locked: Locked,
  { ip, userAgent, userId, sessionId }: Requester,
): void {
  events?.announce('locked', () => ({ ...locked, userId, sessionId, ip, userAgent }));
}
