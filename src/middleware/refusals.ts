import type { Request } from 'express';
import { AuthError, type AuthErrorCode } from '../errors.js';
import type { AuthEvents, RefusalCode, RequestOrigin } from '../events/auth-events.js';
import { originOf } from '../http/request-origin.js';

/** What only an attack, a mistake or a session that has been ended brings about; to have no token is everyday. */
const REFUSALS: ReadonlySet<AuthErrorCode> = new Set<RefusalCode>([
  'FORBIDDEN',
  'CROSS_SITE_REQUEST',
  'ACCESS_TOKEN_INVALID',
  'SESSION_REVOKED',
]);

interface Refused {
  /** As far as the access token has told. */
  id?: string;
  sessionId?: string;
  /** Where something has been awaited since the request came. */
  origin?: RequestOrigin | undefined;
}

/** Announces `refused` if that is what the error means. */
export function announceRefusal(events: AuthEvents, error: unknown, req: Request, who: Refused = {}): void {
  if (!(error instanceof AuthError && REFUSALS.has(error.code))) return;
  const { id, sessionId, origin } = who;
  events.announce('refused', () => ({
    code: error.code as RefusalCode,
    method: req.method,
    route: routeOf(req),
    userId: id,
    sessionId,
    ...(origin ?? originOf(req)),
  }));
}

/** The developer's own text, `/posts/:id`: what a client puts into a path may be a secret. */
function routeOf({ baseUrl, route }: Request): string {
  const { path = '' } = (route ?? {}) as { path?: unknown };
  return baseUrl + String(path) || '/';
}
