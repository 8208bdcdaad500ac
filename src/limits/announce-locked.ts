import type { LimitName, RequestOrigin } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';

/** Who makes an attempt, as far as it is known. */
export type Requester = RequestOrigin & {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Whether the client has closed the connection, so no one waits for the answer. Default: it hasn't. */
  readonly isGone?: (() => boolean) | undefined;
};

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
