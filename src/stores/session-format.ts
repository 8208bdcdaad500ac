import { serviceUnavailable, type AuthError } from '../errors.js';

/**
 * The version of the form in which sessions are stored. A release that brings the next one must read both for as long as
 * releases that write the older one may run beside it: docs/upgrading.md.
 */
export const SESSION_FORMAT = 1;

/**
 * A newer release has written the session, and this one runs beside it or has taken its place again. That is no reason to log
 * anybody out, and none to let anybody in: it is an outage until a release that can read it is back.
 */
export function unreadableSession(format: string): AuthError {
  return serviceUnavailable(new SessionFormatError(format));
}

/** The cause of such an outage. */
export class SessionFormatError extends Error {
  override readonly name = 'SessionFormatError';

  constructor(format: string) {
    super(
      `A session is stored in format ${format}, and this release of passport-visa reads format ${SESSION_FORMAT}: ` +
        'run the release that wrote it, or end the session',
    );
  }
}
