import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Authenticator } from 'passport';
import type { CompleteLoginOptions } from './controllers/complete-login.js';
import type { LoginOptions } from './controllers/form-login.js';
import type { LogoutOptions } from './controllers/form-logout.js';
import type { ChangePasswordOptions } from './controllers/form-password.js';
import type { EndSession } from './controllers/end-session.js';
import type { RegisterOptions } from './controllers/form-register.js';
import type { StartSession } from './controllers/start-session.js';
import type { AuthenticatedUser } from './http/authenticated-user.js';
import type { AuthEvents } from './events/auth-events.js';
import type { FlowState } from './flow-state/flow-state.js';
import type { TextOf } from './http/texts-for.js';
import type { GuardOptions, VerifyOptions } from './middleware/guard-options.js';
import type { Verify } from './middleware/verify.js';
import type { OpenApiDocument } from './openapi/openapi-document.js';
import type { OpenApiOptions } from './openapi/openapi-options.js';
import type { ServerPasswords } from './controllers/server-passwords.js';
import type { ServerUsernames } from './controllers/server-usernames.js';
import type { ServerSessions } from './controllers/server-sessions.js';
import type { SocketIoMiddleware, WebSocketServerLike } from './sockets/socket-types.js';
import type { Duration } from './utils/duration.js';

/** What `createAuth` returns. */
export interface Auth {
  /** The endpoints: `app.use('/auth', auth.router)`. */
  readonly router: Router;
  /**
   * The default guard: middleware that lets a request pass only with a valid access token, and sets `req.user`. Queries no store.
   */
  readonly tokenVerify: RequestHandler;
  /**
   * Makes a guard that checks more than `tokenVerify`, or less: `auth.guard({ roles: ['admin'] })`.
   * @throws TypeError that names the option and the cure
   */
  guard(options?: GuardOptions): RequestHandler;
  /**
   * Makes middleware that goes after `auth.passport.authenticate(…)`. It turns `req.user`, which any Passport strategy has set, into
   * a session and both tokens. `req.user.id` must be the id of a user in the user store: a text, or a number or an id
   * object if the store has such ids.
   * @throws TypeError that names the option and the cure
   */
  completeLogin(options?: CompleteLoginOptions): RequestHandler;
  /**
   * For a login form without a script: takes what the form posts, with the checks and limits of POST /login, and answers with
   * both cookies and a redirect.
   * @throws TypeError that names the option and the cure
   */
  login(options?: LoginOptions): RequestHandler;
  /**
   * For a registration form without a script: takes what the form posts, with the rules and limits of POST /register, and answers
   * with a redirect. It doesn't log in.
   * @throws TypeError that names the option and the cure; when a feature brings its own registration
   */
  register(options?: RegisterOptions): RequestHandler;
  /**
   * For a password form without a script (`currentPassword`, `newPassword`): guards, changes the password with the rules and limits
   * of POST /password, and answers with both cookies and a redirect.
   * @throws TypeError that names the option and the cure
   */
  changePassword(options?: ChangePasswordOptions): RequestHandler;
  /**
   * For a logout button without a script: ends the session, and answers with a redirect. Works with expired tokens and none.
   * @throws TypeError that names the option and the cure
   */
  logout(options?: LogoutOptions): RequestHandler;
  /**
   * Turns a login that your own route has proved into a session: `const tokens = await auth.startSession(req, res, user)`. It sets
   * the cookies, and you write the answer. Needs only `user.id`, and reads the user from the store. The session that the browser
   * had ends.
   * @throws AuthError INVALID_CREDENTIALS for an unknown or a disabled user, CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE. No session
   * exists then
   * @throws TypeError for a user without an id, an unknown option, and an answer that has been sent already
   */
  readonly startSession: StartSession;
  /**
   * Ends every session that the request's tokens name, even expired ones, and clears the cookies. You write the answer.
   * @returns whether there was such a session
   * @throws AuthError CROSS_SITE_REQUEST, SERVICE_UNAVAILABLE
   * @throws TypeError for an answer that has been sent already. If you send it while this call waits, the session has ended all the same
   */
  readonly endSession: EndSession;
  /**
   * Checks a request or the text of an access token as a guard does, for code that is no middleware: a resolver of GraphQL, a
   * socket, a guard of another framework. It touches no response.
   * @returns the user of the token; undefined only with `optional`, for a request without a good token
   * @throws AuthError with the codes of a guard
   * @throws TypeError that names the option and the cure
   */
  readonly verify: Verify;
  /**
   * Guards the sockets of socket.io 4: `io.use(auth.socketIo())`. A client connects only with an access token, from `auth.token`, the
   * header `Authorization` or its cookie, else it gets `connect_error` with `data: { code, message }`. `socket.data.user` is the user. When
   * the session ends in any process, or the token expires, the client gets `auth.ended` with `{ code }`, and the socket is
   * disconnected. It goes on with `socket.emit('auth.renew', { token }, ack)`.
   * @throws TypeError that names the option and the cure
   */
  socketIo(options?: VerifyOptions): SocketIoMiddleware;
  /**
   * Guards every handshake of a `WebSocketServer` of ws 8: `auth.upgrade(new WebSocketServer({ server }))`. A client connects only with an
   * access token, from the header `Authorization` or its cookie, else the handshake is refused as a guard refuses. `request.user` is
   * the user. When the session ends in any process, or the token expires, the socket is closed: 4401, and the code is the reason.
   * @returns the server
   * @throws TypeError that names the option and the cure
   */
  upgrade<Server extends WebSocketServerLike>(server: Server, options?: VerifyOptions): Server;
  /**
   * The open socket goes on with another access token of its session, which the client has sent. The user object of the socket gets
   * the roles and claims of that token.
   * @returns that user
   * @throws AuthError with the codes of a guard. The socket goes on as before, until its own token expires
   * @throws TypeError for what is no guarded socket
   */
  renew(socket: object, token: unknown): Promise<AuthenticatedUser>;
  /**
   * Before an event that needs a recent login: `auth.requireFresh(socket, '5m')`.
   * @returns the user of the socket
   * @throws AuthError REAUTHENTICATION_REQUIRED; SESSION_REVOKED, ACCESS_TOKEN_EXPIRED, SERVICE_UNAVAILABLE for a socket that is about to be
   * closed; NO_ACCESS_TOKEN for an anonymous one
   * @throws TypeError for what is no guarded socket, and for a wrong age
   */
  requireFresh(socket: object, maxAge: Duration): AuthenticatedUser;
  /**
   * Before an event that needs one of these roles: `auth.requireRoles(socket, ['admin'])`.
   * @returns the user of the socket
   * @throws AuthError FORBIDDEN, and the others of `requireFresh`
   * @throws TypeError for what is no guarded socket, and for wrong roles
   */
  requireRoles(socket: object, roles: readonly string[]): AuthenticatedUser;
  /** What a login of several requests keeps between them, such as OpenID Connect's state and nonce, without express-session. */
  readonly flowState: FlowState;
  /**
   * Answers an AuthError that your own routes throw, as the router answers its own. All other errors go to the next error
   * handler. Put `app.use(auth.errorHandler)` behind your routes.
   */
  readonly errorHandler: ErrorRequestHandler;
  /**
   * The text of an AuthError, of its code or of one of its `errors` in the language of the request, for pages that the server
   * renders: `auth.textOf(error, req)`. Undefined for a text that is no code. Throws a TypeError without the request, unless the
   * option `locale` is set.
   */
  readonly textOf: TextOf;
  /** The Passport instance with the strategies `local` and `jwt`; add your own to it. */
  readonly passport: Authenticator;
  /** Sessions for server code: an admin page, a job, a resolver of GraphQL. */
  readonly sessions: ServerSessions;
  /** The package's rules of usernames, for a registration of your own. */
  readonly usernames: ServerUsernames;
  /** The package's rules and hashes of passwords, for a registration or a login of your own. */
  readonly passwords: ServerPasswords;
  /**
   * Describes the endpoints of the router in OpenAPI 3.1. Each call returns a new object, yours to change.
   * @throws TypeError that names the option and the cure
   */
  openapi(options?: OpenApiOptions): OpenApiDocument;
  /** Events, as they happen: for logs, metrics and mails. docs/observability.md lists them. */
  readonly events: AuthEvents;
  /**
   * Await it before the app listens. Resolves when this process knows the store's time and, if revocation is instant, which
   * sessions have lately been revoked. Then waits for every feature.
   * @throws AuthError `SERVICE_UNAVAILABLE` when the store can't be reached for 10 seconds; what a feature throws
   */
  ready(): Promise<void>;
  /**
   * Call it at shutdown, after the server has closed. Ends what `createAuth` opened: first the features, then the hashing threads
   * and the connection that follows revocations, closes guarded sockets, and takes the strategies `local` and `jwt` out of a Passport instance of your own.
   * It leaves the clients of the stores open: close them yourself.
   */
  close(): Promise<void>;
}
