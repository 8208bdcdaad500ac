import { en } from './messages/en.js';
import { ruleText, type BrokenRule } from './messages/rule.js';

/** What a failure looks like on the wire: its HTTP status and its English message. One row a code. */
interface Failure {
  readonly status: number;
  readonly message: string;
  /** RFC 6750 §3.1 `error` of the `WWW-Authenticate` challenge; absent where no token was judged. */
  readonly challenge?: 'invalid_token' | 'insufficient_user_authentication';
}

/**
 * Every failure that this package answers with. The list is closed: no other code is ever sent.
 * `docs/errors.md` explains each one, and a test holds the two together.
 */
export const AUTH_FAILURES = {
  VALIDATION_FAILED: { status: 400, message: en.VALIDATION_FAILED },
  MALFORMED_BODY: { status: 400, message: en.MALFORMED_BODY },
  INVALID_CREDENTIALS: { status: 401, message: en.INVALID_CREDENTIALS },
  FLOW_STATE_INVALID: { status: 400, message: en.FLOW_STATE_INVALID },
  NO_ACCESS_TOKEN: { status: 401, message: en.NO_ACCESS_TOKEN },
  ACCESS_TOKEN_EXPIRED: { status: 401, message: en.ACCESS_TOKEN_EXPIRED, challenge: 'invalid_token' },
  ACCESS_TOKEN_INVALID: { status: 401, message: en.ACCESS_TOKEN_INVALID, challenge: 'invalid_token' },
  SESSION_REVOKED: { status: 401, message: en.SESSION_REVOKED, challenge: 'invalid_token' },
  // RFC 9470 §3
  REAUTHENTICATION_REQUIRED: {
    status: 401,
    message: en.REAUTHENTICATION_REQUIRED,
    challenge: 'insufficient_user_authentication',
  },
  NO_REFRESH_TOKEN: { status: 401, message: en.NO_REFRESH_TOKEN },
  REFRESH_TOKEN_EXPIRED: { status: 401, message: en.REFRESH_TOKEN_EXPIRED, challenge: 'invalid_token' },
  REFRESH_TOKEN_INVALID: { status: 401, message: en.REFRESH_TOKEN_INVALID, challenge: 'invalid_token' },
  REFRESH_TOKEN_REUSED: { status: 401, message: en.REFRESH_TOKEN_REUSED, challenge: 'invalid_token' },
  SESSION_NOT_FOUND: { status: 401, message: en.SESSION_NOT_FOUND, challenge: 'invalid_token' },
  FORBIDDEN: { status: 403, message: en.FORBIDDEN },
  CROSS_SITE_REQUEST: { status: 403, message: en.CROSS_SITE_REQUEST },
  USERNAME_TAKEN: { status: 409, message: en.USERNAME_TAKEN },
  PAYLOAD_TOO_LARGE: { status: 413, message: en.PAYLOAD_TOO_LARGE },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: en.UNSUPPORTED_MEDIA_TYPE },
  TOO_MANY_ATTEMPTS: { status: 429, message: en.TOO_MANY_ATTEMPTS },
  SERVICE_UNAVAILABLE: { status: 503, message: en.SERVICE_UNAVAILABLE },
} as const satisfies Record<string, Failure>;

/** The closed union of codes. Branch on these, never on a message or a status. */
export type AuthErrorCode = keyof typeof AUTH_FAILURES;

/** One field of a request that was refused: `path` is its name in the body or the header's name. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
  /** What `message` says, for other languages; never sent. Without it `message` is sent as it is. */
  readonly rule?: BrokenRule;
}

/** What an AuthError may say beyond its code. */
export interface AuthErrorDetails {
  /** The fields that were refused; sent with `VALIDATION_FAILED`. */
  errors?: readonly FieldError[];
  /** Replaces the status of the code; `SESSION_NOT_FOUND` is 404 where an id was asked for, else 401. */
  status?: number;
  /** Seconds, sent as `Retry-After`. Default: 2 for `SERVICE_UNAVAILABLE`, else none. */
  retryAfterSeconds?: number;
  /** Seconds since the login that would be young enough, sent as `max_age` (RFC 9470 §3). */
  maxAgeSeconds?: number;
  /** What went wrong underneath; for logs, never sent. */
  cause?: unknown;
}

/** The one error class of this package. Its JSON form is the body that a client gets, in English. */
export class AuthError extends Error {
  override readonly name: string = 'AuthError';
  readonly code: AuthErrorCode;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly maxAgeSeconds: number | undefined;

  constructor(code: AuthErrorCode, details: AuthErrorDetails = {}) {
    super(AUTH_FAILURES[code].message, 'cause' in details ? { cause: details.cause } : {});
    this.code = code;
    this.status = details.status ?? AUTH_FAILURES[code].status;
    this.errors = details.errors;
    this.retryAfterSeconds = details.retryAfterSeconds ?? retryAfterOf(code);
    this.maxAgeSeconds = details.maxAgeSeconds;
  }

  /** The body that a client gets. */
  toJSON(): { code: AuthErrorCode; message: string; errors?: readonly FieldError[] } {
    const errors = this.errors?.map(({ path, message }) => ({ path, message }));
    return { code: this.code, message: this.message, ...(errors && { errors }) };
  }
}

/** Thrown by `UserStore.create` when the username, compared without case, exists already. */
export class UsernameTakenError extends AuthError {
  override readonly name = 'UsernameTakenError';

  constructor(details: { cause?: unknown } = {}) {
    super('USERNAME_TAKEN', details);
  }
}

/** An outage heals within seconds as a rule, so that clients may soon try again. */
function retryAfterOf(code: AuthErrorCode): number | undefined {
  return code === 'SERVICE_UNAVAILABLE' ? 2 : undefined;
}

export function isAuthError(error: unknown, code: AuthErrorCode): error is AuthError {
  return error instanceof AuthError && error.code === code;
}

/** A store that can't be reached. */
export function serviceUnavailable(cause: unknown): AuthError {
  return new AuthError('SERVICE_UNAVAILABLE', { cause });
}

/** A request whose fields are at fault. */
export function validationFailed(...errors: readonly FieldError[]): AuthError {
  return new AuthError('VALIDATION_FAILED', { errors });
}

/** A field that broke one of our rules. */
export function refusedField(path: string, rule: BrokenRule): FieldError {
  return { path, message: ruleText(rule, en), rule };
}
