import type { Request } from 'express';
import { failureOf, type AuthError } from '../errors.js';
import type { LazyOrigin, RefusalCode } from '../events/auth-event.js';
import type { AuthEvents } from '../events/auth-events.js';
import { lazyOriginOf } from '../http/request-origin.js';

/** Who was refused, as far as it is known. */
export interface Refused {
  /** Of the user, from the access token. */
  id?: string;
  sessionId?: string;
  /** Given where something has been awaited since the request came. */
  origin?: LazyOrigin | undefined;
}

/** Announces `refused` for an error that means an attack, a mistake or an ended session. A missing token is everyday. */
export function announceRefusal(
  events: AuthEvents,
  error: unknown,
  req: Request | undefined,
  { id, sessionId, origin = lazyOriginOf(req) }: Refused = {},
): void {
  if (failureOf(error).event !== 'refused') return;
  events.announce('refused', () => ({
    code: (error as AuthError).code as RefusalCode,
    method: req?.method,
    route: req && routeOf(req),
    userId: id,
    sessionId,
    ...origin(),
  }));
}

/** The developer's own text, `/posts/:id`: the path that a client sends may contain a secret. */
function routeOf({ baseUrl = '', route }: Partial<Request>): string {
  const { path = '' } = (route ?? {}) as { path?: unknown };
  return baseUrl + String(path) || '/';
}
