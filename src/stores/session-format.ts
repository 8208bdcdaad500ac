import { serviceUnavailable, type AuthError } from '../errors.js';

/**
 * The version of the format in which sessions are stored. A release that introduces the next version must read both, for as long
 * as releases that write the older one may run beside it: docs/upgrading.md.
 */
export const SESSION_FORMAT = 1;

/**
 * The error for a session that a newer release has written, while this one runs beside it or after a rollback. It must neither
 * log the user out nor let them in, so it is an outage until a release that can read the session runs again.
 */
export function unreadableSession(format: string): AuthError {
  return serviceUnavailable(new SessionFormatError(format));
}

/** The `cause` of that outage. */
export class SessionFormatError extends Error {
  override readonly name = 'SessionFormatError';

  constructor(format: string) {
    super(
      `A session is stored in format ${format}, and this release of passport-visa reads format ${SESSION_FORMAT}: ` +
        'run the release that wrote it, or end the session',
    );
  }
}
