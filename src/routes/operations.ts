import type { AuthConfig } from '../config/auth-config.js';
import type { AuthErrorCode } from '../errors.js';
import type { Endpoint, Operation } from '../http/operation.js';

/** What `parseBody` refuses, whether or not the endpoint asks for a body. */
const UNREADABLE = ['MALFORMED_BODY', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;
const BODY = ['VALIDATION_FAILED', ...UNREADABLE] as const;
const GUARD = ['NO_ACCESS_TOKEN', 'ACCESS_TOKEN_EXPIRED', 'ACCESS_TOKEN_INVALID', 'SESSION_REVOKED'] as const;
const CROSS_SITE = 'CROSS_SITE_REQUEST';
const DOWN = 'SERVICE_UNAVAILABLE';

/** A row for each row of the router's table, by verb and path. */
export function createOperations({ limits, onStoreDown }: AuthConfig): Record<Endpoint, Operation> {
  const limitedBy = (...each: (number | undefined)[]): AuthErrorCode[] =>
    each.some((limit) => limit !== undefined) ? ['TOO_MANY_ATTEMPTS'] : [];
  const refresh = {
    tag: 'Login',
    needs: 'refresh token',
    idempotencyKey: true,
    success: { text: 'The next pair of tokens.', answer: 'refresh' },
    cookies: { always: false, text: 'Both token cookies, where the refresh token came as a cookie.' },
    failures: [
      ...BODY,
      'NO_REFRESH_TOKEN',
      'REFRESH_TOKEN_EXPIRED',
      'REFRESH_TOKEN_INVALID',
      'SESSION_NOT_FOUND',
      'REFRESH_TOKEN_REUSED',
      CROSS_SITE,
      DOWN,
    ],
    unauthorized: 'RefreshRefused',
    unauthorizedClearsCookies: true,
  } as const;
  const logout = {
    tag: 'Login',
    needs: 'any token',
    success: { text: 'Nobody is logged in any more.', answer: 'logout' },
    cookies: { always: true, text: 'Both token cookies, cleared.' },
    failures: [...BODY, CROSS_SITE, DOWN],
  } as const;

  return {
    'POST /register': {
      id: 'register',
      tag: 'Account',
      summary: 'Register a user',
      description: 'Makes a user with a username and a password. It does not log in.',
      needs: 'nothing',
      body: { name: 'register', required: true },
      success: { status: 201, text: 'The new user.', answer: 'register' },
      failures: [...BODY, 'USERNAME_TAKEN', ...limitedBy(limits.register), CROSS_SITE, DOWN],
    },
    'POST /login': {
      id: 'login',
      tag: 'Login',
      summary: 'Log in',
      description:
        'Starts a session. The tokens come as cookies, or in the body for a client that asks with `transport: "body"`.',
      needs: 'nothing',
      body: { name: 'login', required: true },
      success: { text: 'The user is logged in.', answer: 'login' },
      cookies: { always: false, text: 'Both token cookies, unless `transport` is `body`.' },
      failures: [
        ...BODY,
        'INVALID_CREDENTIALS',
        ...limitedBy(limits.username, limits.address),
        CROSS_SITE,
        DOWN,
      ],
    },
    'POST /refresh': {
      id: 'refresh',
      summary: 'Exchange the refresh token for the next pair of tokens',
      description:
        'Call it when an access token has expired. The tokens leave the way the refresh token came: as cookies, or in the body. ' +
        'A refresh token that comes back after it was exchanged ends its session, for somebody may have stolen it.',
      body: { name: 'refresh', required: false },
      ...refresh,
    },
    'GET /refresh': {
      id: 'refreshByGet',
      summary: 'Exchange the refresh cookie for the next pair of tokens',
      description: 'POST /refresh for clients that can only GET. Prefer POST.',
      ...refresh,
    },
    'POST /logout': {
      id: 'logout',
      summary: 'Log out on this device',
      description:
        'Ends the session that the refresh token names, or else the access token. Works with expired tokens, and with none.',
      body: { name: 'refresh', required: false },
      ...logout,
    },
    'GET /logout': {
      id: 'logoutByGet',
      summary: 'Log out on this device, by a link',
      description: 'POST /logout for clients that can only GET. Prefer POST.',
      ...logout,
    },
    'POST /logout-all': {
      id: 'logoutAll',
      tag: 'Login',
      summary: 'Log out on all devices',
      description: 'Ends every session of the user, this one included.',
      needs: 'access token',
      success: { text: 'No session is left.', answer: 'logoutAll' },
      cookies: { always: true, text: 'Both token cookies, cleared.' },
      failures: [...GUARD, ...UNREADABLE, CROSS_SITE, DOWN],
    },
    'GET /check': {
      id: 'check',
      tag: 'User',
      summary: 'See who the access token belongs to',
      description: 'Reads the token alone: no database is asked.',
      needs: 'access token',
      success: { text: 'Who is logged in, by the token.', answer: 'check' },
      failures: [...GUARD, ...(onStoreDown === 'deny' ? ([DOWN] as const) : [])],
    },
    'GET /info': {
      id: 'info',
      tag: 'User',
      summary: 'Get the user who is logged in',
      description: 'Reads the user from the store, so that name and roles are as they are now.',
      needs: 'access token',
      success: { text: 'Who is logged in, by the store.', answer: 'info' },
      failures: [...GUARD, DOWN],
    },
    'GET /sessions': {
      id: 'listSessions',
      tag: 'Sessions',
      summary: "List the user's sessions",
      description: 'One for each device on which the user is logged in.',
      needs: 'access token',
      success: { text: "The user's sessions.", answer: 'listSessions' },
      failures: [...GUARD, DOWN],
    },
    'DELETE /sessions': {
      id: 'endOtherSessions',
      tag: 'Sessions',
      summary: 'Log out on all other devices',
      description: 'Ends every session of the user but the one that asks.',
      needs: 'access token',
      success: { text: 'Only this session is left.', answer: 'endOtherSessions' },
      failures: [...GUARD, ...UNREADABLE, CROSS_SITE, DOWN],
    },
    'DELETE /sessions/:id': {
      id: 'endSession',
      tag: 'Sessions',
      summary: 'Log out on one device',
      description: "Ends one of the user's sessions. Somebody else's is as unknown as one that never was.",
      needs: 'access token',
      success: { text: 'The session has ended.' },
      cookies: { always: false, text: 'Both token cookies, cleared, where it was the session that asks.' },
      failures: [...GUARD, ...UNREADABLE, CROSS_SITE, DOWN],
      notFound: ['SESSION_NOT_FOUND'],
    },
    'POST /password': {
      id: 'changePassword',
      tag: 'Account',
      summary: 'Change the password',
      description:
        'Ends all other sessions and rotates this one: the next pair of tokens leaves the way the access token came, ' +
        'as cookies or in the body.',
      needs: 'access token',
      idempotencyKey: true,
      body: { name: 'password', required: true },
      success: { text: 'The password is changed.', answer: 'password' },
      cookies: { always: false, text: 'Both token cookies, where the access token came as a cookie.' },
      unauthorized: 'PasswordChangeRefused',
      failures: [
        ...GUARD,
        'INVALID_CREDENTIALS',
        // Another request may end or rotate the session meanwhile.
        ...(['SESSION_NOT_FOUND', 'REFRESH_TOKEN_REUSED'] as const),
        ...BODY,
        ...limitedBy(limits.password),
        CROSS_SITE,
        DOWN,
      ],
    },
  };
}
