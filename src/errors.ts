import { assertDetails, type AuthErrorDetails } from './utils/error-details.js';
import type { FieldError } from './utils/field-error.js';

export type { AuthErrorDetails } from './utils/error-details.js';
export type { BrokenRule, FieldError } from './utils/field-error.js';

/** What a failure means: how it looks on the wire, and what this package does about it. One row a code. */
interface Failure {
  readonly status: number;
  /** The English text. Other languages have theirs in `messages/`, by code. */
  readonly message: string;
  /** RFC 6750 §3.1 `error` of the `WWW-Authenticate` challenge; absent where no token was judged. */
  readonly challenge?: 'invalid_token' | 'insufficient_user_authentication';
  /** The request has no valid login. `guard({ optional: true })` lets it pass as anonymous. */
  readonly anonymous?: true;
  /** A refresh may help. `guard({ renew: true })` tries one. */
  readonly renewable?: true;
  /** The session has ended, even if its access token still verifies. */
  readonly endsSession?: true;
  /** What was tried was wrong: it counts towards a limit on failures. */
  readonly wrongGuess?: true;
  /** The event that announces it. Failures without one are everyday, or their event has a name of its own. */
  readonly event?: 'refused' | 'refreshFailed';
}

/** Every failure that this package answers with. The list is closed: no other code is ever sent. */
const FAILURES = {
  VALIDATION_FAILED: { status: 400, message: 'Validation failed' },
  MALFORMED_BODY: { status: 400, message: 'The request body is not valid JSON' },
  INVALID_CREDENTIALS: { status: 401, message: 'Invalid username or password', wrongGuess: true },
  FLOW_STATE_INVALID: { status: 400, message: 'The login has expired or was begun elsewhere: begin again' },
  SECOND_FACTOR_REQUIRED: { status: 401, message: 'A second factor is required' },
  INVALID_SECOND_FACTOR: { status: 401, message: 'The code is wrong or was used already', wrongGuess: true },
  INVALID_PASSKEY: { status: 401, message: 'The passkey was not accepted', wrongGuess: true },
  // No wrong guess: a link is too long to be guessed, and a code counts its own tries.
  ONE_TIME_TOKEN_INVALID: { status: 401, message: 'The link or code is invalid or has expired' },
  NO_ACCESS_TOKEN: { status: 401, message: 'No access token', anonymous: true, renewable: true },
  ACCESS_TOKEN_EXPIRED: {
    status: 401,
    message: 'Access token expired',
    challenge: 'invalid_token',
    anonymous: true,
    renewable: true,
  },
  ACCESS_TOKEN_INVALID: {
    status: 401,
    message: 'Access token invalid',
    challenge: 'invalid_token',
    anonymous: true,
    renewable: true,
    event: 'refused',
  },
  SESSION_REVOKED: {
    status: 401,
    message: 'Session revoked',
    challenge: 'invalid_token',
    anonymous: true,
    endsSession: true,
    event: 'refused',
  },
  // RFC 9470 §3
  REAUTHENTICATION_REQUIRED: {
    status: 401,
    message: 'Reauthentication required',
    challenge: 'insufficient_user_authentication',
  },
  NO_REFRESH_TOKEN: { status: 401, message: 'No refresh token' },
  REFRESH_TOKEN_EXPIRED: {
    status: 401,
    message: 'Refresh token expired',
    challenge: 'invalid_token',
    anonymous: true,
    event: 'refreshFailed',
  },
  REFRESH_TOKEN_INVALID: {
    status: 401,
    message: 'Refresh token invalid',
    challenge: 'invalid_token',
    anonymous: true,
    event: 'refreshFailed',
  },
  REFRESH_TOKEN_REUSED: {
    status: 401,
    message: 'Refresh token reused',
    challenge: 'invalid_token',
    anonymous: true,
    endsSession: true,
  },
  SESSION_NOT_FOUND: {
    status: 401,
    message: 'Session not found',
    challenge: 'invalid_token',
    anonymous: true,
    endsSession: true,
    event: 'refreshFailed',
  },
  FORBIDDEN: { status: 403, message: 'Forbidden', event: 'refused' },
  EMAIL_NOT_VERIFIED: { status: 403, message: 'The e-mail address is not verified yet' },
  SECOND_FACTOR_ENROLMENT_REQUIRED: { status: 403, message: 'Set up a second factor first', renewable: true },
  CROSS_SITE_REQUEST: { status: 403, message: 'Cross-site request refused', event: 'refused' },
  DEVICE_NOT_FOUND: { status: 404, message: 'Trusted device not found' },
  FACTOR_NOT_FOUND: { status: 404, message: 'Second factor not found' },
  PASSKEY_NOT_FOUND: { status: 404, message: 'Passkey not found' },
  TOO_MANY_FACTORS: { status: 409, message: 'There are too many second factors: remove one first' },
  USERNAME_TAKEN: { status: 409, message: 'Username is already taken' },
  PASSKEY_EXISTS: { status: 409, message: 'This passkey is registered already' },
  LAST_WAY_IN: { status: 409, message: 'This is the only way to log in: add another one first' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The request body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The request body must be application/json' },
  TOO_MANY_ATTEMPTS: { status: 429, message: 'Too many attempts, try again later' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'Service temporarily unavailable' },
} as const satisfies Record<string, Failure>;

/** The closed union of codes, which docs/errors.md lists. Branch on these, never on a message or a status. */
export type AuthErrorCode = keyof typeof FAILURES;

/** The `status` and the English `message` of every code. docs/errors.md explains each one. */
export const AUTH_FAILURES: {
  readonly [Code in AuthErrorCode]: Pick<(typeof FAILURES)[Code], 'status' | 'message'> & {
    /** RFC 6750 §3.1 `error` of the `WWW-Authenticate` challenge; absent where no token was judged. */
    readonly challenge?: 'invalid_token' | 'insufficient_user_authentication';
  };
} = Object.freeze(
  Object.fromEntries(
    Object.entries<Failure>(FAILURES).map(([code, { status, message, challenge }]) => [
      code,
      Object.freeze({ status, message, ...(challenge && { challenge }) }),
    ]),
  ) as typeof FAILURES,
);

/** The codes whose rows name this event. */
export type CodeAnnouncedBy<Event extends NonNullable<Failure['event']>> = {
  [Code in AuthErrorCode]: (typeof FAILURES)[Code] extends { event: Event } ? Code : never;
}[AuthErrorCode];

/** The body of every failure, unless the option `errorBody` gives it another shape. */
export interface AuthErrorBody {
  code: AuthErrorCode;
  message: string;
  errors?: readonly FieldError[];
  factors?: readonly string[];
  challenge?: string;
}

/** The one error class of this package. Its JSON form is the body that a client gets, in English. */
export class AuthError extends Error {
  override readonly name: string = 'AuthError';
  readonly code: AuthErrorCode;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The same, under the name by which Fastify, NestJS and others look for it. */
  readonly statusCode: number;
  /** With `VALIDATION_FAILED`: the fields that were refused. */
  readonly errors: readonly FieldError[] | undefined;
  /** What `Retry-After` says. */
  readonly retryAfterSeconds: number | undefined;
  /** With `REAUTHENTICATION_REQUIRED`: how recent the login must be. */
  readonly maxAgeSeconds: number | undefined;
  /** With `REAUTHENTICATION_REQUIRED`: the proofs of which one would do, by the names of RFC 8176. */
  readonly acrValues: readonly string[] | undefined;
  /** With `SECOND_FACTOR_REQUIRED`: the kinds of second factor that the user has and the server takes, such as `'totp'`. */
  readonly factors: readonly string[] | undefined;
  /** With `SECOND_FACTOR_REQUIRED` and `transport: 'body'`: send it back with the second step. As secret as a password for 5 minutes. */
  declare readonly challenge: string | undefined;
  /** The key of the text in other languages, where it is more exact than that of the code. Never sent. */
  readonly textKey: string | undefined;

  /** @throws TypeError for a code or a detail that doesn't exist, and for a detail of another type */
  constructor(code: AuthErrorCode, details: AuthErrorDetails = {}) {
    assertKnown(code, details);
    super(
      details.text?.english ?? AUTH_FAILURES[code].message,
      'cause' in details ? { cause: details.cause } : {},
    );
    this.code = code;
    this.status = details.status ?? AUTH_FAILURES[code].status;
    this.statusCode = this.status;
    this.errors = details.errors;
    // Most outages are over within seconds, so clients may try again soon.
    const soon = code === 'SERVICE_UNAVAILABLE' ? 2 : undefined;
    this.retryAfterSeconds = details.retryAfterSeconds ?? soon;
    this.maxAgeSeconds = details.maxAgeSeconds;
    this.acrValues = details.acrValues;
    this.factors = details.factors;
    // Not enumerable: whoever logs an error must not log what opens a login.
    Object.defineProperty(this, 'challenge', { value: details.challenge });
    this.textKey = details.text?.key;
  }

  /** The body that a client gets. */
  toJSON(): AuthErrorBody {
    const { code, message, factors, challenge } = this;
    const errors = this.errors?.map((field) => ({ path: field.path, message: field.message }));
    const step = { ...(factors && { factors }), ...(challenge !== undefined && { challenge }) };
    return { code, message, ...(errors && { errors }), ...step };
  }
}

function assertKnown(code: unknown, details: unknown): void {
  if (typeof code !== 'string' || !Object.hasOwn(AUTH_FAILURES, code)) {
    const given = typeof code === 'string' ? code : `of the type ${typeof code}`;
    throw new TypeError(`Unknown code ${given}: known are ${Object.keys(AUTH_FAILURES).join(', ')}`);
  }
  assertDetails(code, details);
}

/** Thrown by `create` and `updateUsername` of a `UserStore` when the username, compared without case, exists already. */
export class UsernameTakenError extends AuthError {
  override readonly name = 'UsernameTakenError';

  constructor(details: { cause?: unknown } = {}) {
    super('USERNAME_TAKEN', details);
  }
}

export function isAuthError(error: unknown, code: AuthErrorCode): error is AuthError {
  return error instanceof AuthError && error.code === code;
}

/** What the row of the error's code says about it; an empty row for any other error. */
export function failureOf(error: unknown): Partial<Failure> {
  return error instanceof AuthError ? FAILURES[error.code] : {};
}

/** A store that can't be reached. */
export function serviceUnavailable(cause: unknown): AuthError {
  return new AuthError('SERVICE_UNAVAILABLE', { cause });
}

/** A request whose fields are at fault. */
export function validationFailed(...errors: readonly FieldError[]): AuthError {
  return new AuthError('VALIDATION_FAILED', { errors });
}
