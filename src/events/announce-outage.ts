import { isAuthError } from '../errors.js';
import type { AuthEvents } from './auth-events.js';

/** Errors that were announced and then given to the app, which may hand them to another call of ours. */
const handedOver = new WeakSet<Error>();

/** Announces `unavailable` for an error that means an outage. */
export function announceOutage(events: AuthEvents, error: unknown): void {
  if (!isAuthError(error, 'SERVICE_UNAVAILABLE') || handedOver.delete(error)) return;
  events.announce('unavailable', () => ({ error }));
}

/** The same for an error that the app gets. `auth.errorHandler` doesn't announce it again. */
export function announceAndHandOver(events: AuthEvents, error: unknown): void {
  announceOutage(events, error);
  if (isAuthError(error, 'SERVICE_UNAVAILABLE')) handedOver.add(error);
}
