import type { RequestOrigin } from '../events/auth-event.js';

/** Who makes an attempt, as far as it is known. */
export type Requester = RequestOrigin & {
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Whether the client has closed the connection, so no one waits for the answer. Default: it hasn't. */
  readonly isGone?: (() => boolean) | undefined;
};
