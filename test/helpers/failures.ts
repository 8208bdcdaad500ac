import type { Response } from 'supertest';
import type { FieldError } from '../../src';

const invalidToken = (description: string) =>
  `Bearer error="invalid_token", error_description="${description}"`;

/** The failures of the contract as they are sent. They are repeated here, not imported, to notice any change. */
const FAILURES = {
  VALIDATION_FAILED: [400, 'Validation failed'],
  MALFORMED_BODY: [400, 'The request body is not valid JSON'],
  FLOW_STATE_INVALID: [400, 'The login has expired or was begun elsewhere: begin again'],
  INVALID_CREDENTIALS: [401, 'Invalid username or password', 'Bearer'],
  SECOND_FACTOR_REQUIRED: [401, 'A second factor is required', 'Bearer'],
  INVALID_SECOND_FACTOR: [401, 'The code is wrong or was used already', 'Bearer'],
  ONE_TIME_TOKEN_INVALID: [401, 'The link or code is invalid or has expired', 'Bearer'],
  NO_ACCESS_TOKEN: [401, 'No access token', 'Bearer'],
  ACCESS_TOKEN_EXPIRED: [401, 'Access token expired', invalidToken('Access token expired')],
  ACCESS_TOKEN_INVALID: [401, 'Access token invalid', invalidToken('Access token invalid')],
  SESSION_REVOKED: [401, 'Session revoked', invalidToken('Session revoked')],
  REAUTHENTICATION_REQUIRED: [
    401,
    'Reauthentication required',
    'Bearer error="insufficient_user_authentication", error_description="Reauthentication required", max_age="300"',
  ],
  NO_REFRESH_TOKEN: [401, 'No refresh token', 'Bearer'],
  REFRESH_TOKEN_EXPIRED: [401, 'Refresh token expired', invalidToken('Refresh token expired')],
  REFRESH_TOKEN_INVALID: [401, 'Refresh token invalid', invalidToken('Refresh token invalid')],
  REFRESH_TOKEN_REUSED: [401, 'Refresh token reused', invalidToken('Refresh token reused')],
  SESSION_NOT_FOUND: [401, 'Session not found', invalidToken('Session not found')],
  UNKNOWN_SESSION_ID: [404, 'Session not found'],
  FORBIDDEN: [403, 'Forbidden'],
  EMAIL_NOT_VERIFIED: [403, 'The e-mail address is not verified yet'],
  SECOND_FACTOR_ENROLMENT_REQUIRED: [403, 'Set up a second factor first'],
  CROSS_SITE_REQUEST: [403, 'Cross-site request refused'],
  DEVICE_NOT_FOUND: [404, 'Trusted device not found'],
  FACTOR_NOT_FOUND: [404, 'Second factor not found'],
  TOO_MANY_FACTORS: [409, 'There are too many second factors: remove one first'],
  USERNAME_TAKEN: [409, 'Username is already taken'],
  PAYLOAD_TOO_LARGE: [413, 'The request body is too large'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'The request body must be application/json'],
  FORM_ON_JSON_ENDPOINT: [
    415,
    'The request body must be application/json. For an HTML form, use auth.login() and its siblings in a route of the app',
  ],
  MULTIPART_FORM: [
    415,
    'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json. multipart/form-data is not read',
  ],
  NO_FORM: [
    415,
    'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json',
  ],
  NOT_UTF8: [415, 'The request body must be in UTF-8'],
  UNKNOWN_ENCODING: [
    415,
    'The Content-Encoding of the request body must be gzip or deflate, or there must be none',
  ],
  BROKEN_ENCODING: [400, 'The request body is not compressed as its Content-Encoding says'],
  TOO_MANY_ATTEMPTS: [429, 'Too many attempts, try again later'],
  SERVICE_UNAVAILABLE: [503, 'Service temporarily unavailable'],
} as const;

/** Where the same code comes in two forms. */
const CODES = {
  UNKNOWN_SESSION_ID: 'SESSION_NOT_FOUND',
  FORM_ON_JSON_ENDPOINT: 'UNSUPPORTED_MEDIA_TYPE',
  MULTIPART_FORM: 'UNSUPPORTED_MEDIA_TYPE',
  NO_FORM: 'UNSUPPORTED_MEDIA_TYPE',
  NOT_UTF8: 'UNSUPPORTED_MEDIA_TYPE',
  UNKNOWN_ENCODING: 'UNSUPPORTED_MEDIA_TYPE',
  BROKEN_ENCODING: 'MALFORMED_BODY',
} as const;

/** `UNKNOWN_SESSION_ID` is the 404 with SESSION_NOT_FOUND when a request names a session by its id. */
export type FailureName = keyof typeof FAILURES;

/** Checks an answer against the contract: status, body, challenge, `Retry-After`, caching. `paths` are the fields it must name. */
export function expectFailure(response: Response, name: FailureName, paths?: string[]): void {
  const [status, message, challenge] = FAILURES[name];
  const code = CODES[name as keyof typeof CODES] ?? name;
  const errors = expect.any(Array) as FieldError[];
  expect([response.status, response.body]).toEqual([status, { code, message, ...(paths && { errors }) }]);
  if (paths) expectFields((response.body as { errors: FieldError[] }).errors, paths);
  expect(response.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
  });
  expect(response.headers['www-authenticate']).toBe(challenge);
  const waits = status === 429 || status === 503;
  expect(response.headers['retry-after']).toEqual(waits ? expect.stringMatching(/^[1-9]\d*$/) : undefined);
}

/** Each field is named once, by the first rule that it broke. */
function expectFields(errors: FieldError[], paths: string[]): void {
  expect(errors.map(({ path }) => path).sort()).toEqual([...paths].sort());
  const error = { path: expect.any(String) as string, message: expect.stringMatching(/./) as string };
  expect(errors).toEqual(errors.map(() => error));
}
