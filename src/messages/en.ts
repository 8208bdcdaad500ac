import { AUTH_FAILURES, type AuthErrorCode } from '../errors.js';

type FailureTexts = { readonly [Code in AuthErrorCode]: (typeof AUTH_FAILURES)[Code]['message'] };

const failures = Object.fromEntries(
  Object.entries(AUTH_FAILURES).map(([code, { message }]) => [code, message]),
) as FailureTexts;

/**
 * Every text that an answer can contain. A failure has its code as its key, and its text is in `errors.ts`. Placeholders such as
 * `{count}` are filled in. The texts are part of the contract, so changing one is a breaking change. `docs/messages.md` lists
 * them; a test compares the two.
 */
export const en = {
  ...failures,
  // In place of UNSUPPORTED_MEDIA_TYPE.
  formNeedsHandler:
    'The request body must be application/json. For an HTML form, use auth.login() and its siblings in a route of the app',
  formNotMultipart:
    'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json. multipart/form-data is not read',
  formOrJson:
    'The request body must be application/x-www-form-urlencoded, as HTML forms send it, or application/json',
  bodyNotUtf8: 'The request body must be in UTF-8',
  bodyEncodingUnknown:
    'The Content-Encoding of the request body must be gzip or deflate, or there must be none',
  // In place of INVALID_CREDENTIALS.
  anotherUser: 'This is not the user who is logged in',
  // In place of SECOND_FACTOR_REQUIRED.
  noFactorTaken: 'A second factor is required, but none that you have works here: ask support for help',
  // In place of MALFORMED_BODY.
  bodyEncodingBroken: 'The request body is not compressed as its Content-Encoding says',

  loginSuccessful: 'Login successful',
  registrationSuccessful: 'Registration successful',
  tokenRefreshed: 'Token refreshed',
  userLogout: 'User Logout',
  loggedOutEverywhere: 'Logged out everywhere',
  passwordChanged: 'Password changed',
  reauthenticated: 'Reauthentication successful',
  verificationMailed: 'A mail is on its way. Open its link to finish the registration',
  resetMailed: 'If the address has an account, a mail with a link is on its way',
  passwordReset: 'The new password is set. Log in with it',
  addressChangeMailed: 'A mail is on its way to the new address. Open its link to confirm the change',
  addressChanged: 'The e-mail address is changed',
  addressChangeUndone: 'The old e-mail address is back, and every device is logged out',
  loginMailed: 'If the address has an account, a mail to log in with is on its way',

  // About a field, and shown next to its name.
  required: 'is required',
  notKnown: 'is not known',
  notEmpty: 'must not be empty',
  mustBeString: 'must be a string',
  mustBeBoolean: 'must be true or false',
  mustBeObject: 'Invalid input: expected object, received {received}',
  mustBeAddress: 'must be an e-mail address',
  mustBeTotpCode: 'must be the digits that the authenticator app shows',
  mustBeRecoveryCode: 'must be a recovery code',
  mustBeCredential: 'must be what the browser returned: credential.toJSON()',
  mustBeAlone: 'must not come together with another proof',
  mustNotComeWith: 'must not come together with {field}',
  mustHaveCookies: 'must not be true without cookies: with a challenge no browser can be trusted',
  mustHaveOneOf: 'must have one of these: {fields}',
  mustBeTransport: "must be 'cookie' or 'body'",
  tooShort: 'must be at least {count} characters long',
  tooLong: 'must be at most {count} characters long',
  tooManyBytes: 'must be at most {count} bytes long in UTF-8',
  noNul: 'must not contain NUL',
  wellFormed: 'must be well-formed Unicode',
  noControlCharacters: 'must not contain control characters',
  noInvisibleCharacters: 'must not contain invisible characters',
  unsupportedCharacters: "must not contain characters that can't be stored here",
  commonPassword: 'is one of the most common passwords: choose another',
  differFromUsername: 'must differ from the username',
  idempotencyKey: 'must be 1 to 128 visible ASCII characters',
} as const;
