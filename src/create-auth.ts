import type { ErrorRequestHandler, RequestHandler, Router } from 'express';
import type { Authenticator } from 'passport';
import { PasswordHasher } from './accounts/password-hasher.js';
import type { AuthConfig } from './config/auth-config.js';
import type { AuthOptions } from './config/auth-options.js';
import { parseOptions } from './config/parse-options.js';
import { createCompleteLogin, type CompleteLoginOptions } from './controllers/complete-login.js';
import { createFormLogin, type LoginOptions } from './controllers/form-login.js';
import { createFormLogout, type LogoutOptions } from './controllers/form-logout.js';
import { createFormPassword, type ChangePasswordOptions } from './controllers/form-password.js';
import { createFormRegister, type RegisterOptions } from './controllers/form-register.js';
import { auditing } from './events/audit.js';
import { AuthEvents } from './events/auth-events.js';
import { setUpFeatures } from './features/set-up-features.js';
import { createFlowState, type FlowState } from './flow-state/flow-state.js';
import { createAuthenticateRequest } from './http/authenticate-request.js';
import { createBodySchemas } from './http/body-schemas.js';
import { nameOf } from './http/endpoint.js';
import { createTextOf, createTextsFor, type TextOf } from './http/texts-for.js';
import { AttemptLimits } from './limits/attempt-limits.js';
import { isAuthError } from './errors.js';
import { createErrorHandler } from './middleware/error-handler.js';
import type { GuardOptions } from './middleware/guard-options.js';
import { createLimitRegistrations } from './middleware/limit-registrations.js';
import { Renewals } from './middleware/renew.js';
import { createSameSite } from './middleware/same-site.js';
import { createGuard } from './middleware/token-verify.js';
import type { OpenApiDocument } from './openapi/openapi-document.js';
import type { OpenApiOptions } from './openapi/openapi-options.js';
import { createPassport, createProveLogin, useStrategies } from './passport/index.js';
import { accountEndpoints } from './routes/account-endpoints.js';
import { createAuthRouter } from './routes/auth-router.js';
import { loginEndpoints } from './routes/login-endpoints.js';
import { describeEndpoints } from './routes/describe-endpoints.js';
import { sessionEndpoints } from './routes/session-endpoints.js';
import { AccessTokens } from './sessions/access-tokens.js';
import { sayWhileWaiting, waitUntilReady } from './sessions/ready.js';
import { Revocations } from './sessions/revocations.js';
import { createServerSessions, type ServerSessions } from './sessions/server-sessions.js';
import { Sessions } from './sessions/sessions.js';
import type { BeforeSession } from './sessions/start-session.js';
import { rememberUserStore } from './stores/user-store-of.js';

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
   * a session and both tokens. `req.user.id` must be the id of a user in the user store, as a string.
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
  /** What a login of several requests keeps between them, such as OpenID Connect's state and nonce, without express-session. */
  readonly flowState: FlowState;
  /**
   * Answers an AuthError that your own routes throw, as the router answers its own. All other errors go to the next error
   * handler. Put `app.use(auth.errorHandler)` behind your routes.
   */
  readonly errorHandler: ErrorRequestHandler;
  /**
   * The text of an AuthError, of its code or of one of its `errors` in the language of the request, for pages that the server
   * renders: `auth.textOf(error, req)`. Undefined for a text that is no code.
   */
  readonly textOf: TextOf;
  /** The Passport instance with the strategies `local` and `jwt`; add your own to it. */
  readonly passport: Authenticator;
  /** Sessions for server code: an admin page, a support tool. */
  readonly sessions: ServerSessions;
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
   * and the connection that follows revocations, and takes the strategies `local` and `jwt` out of a Passport instance of your own.
   * It leaves the clients of the stores open: close them yourself.
   */
  close(): Promise<void>;
}

/**
 * Makes an `auth` of its options. There is no global state: two calls share nothing.
 * @throws TypeError that names the option and the cure
 */
export function createAuth(options: AuthOptions): Auth {
  const config = parseOptions(options);
  const events = new AuthEvents(config.now, config.audit && auditing(config.audit));
  const services = createServices(config, events);
  const { passport, sessions, revocations, features, guard, textsFor } = services;
  const tokenVerify = guard();
  const core = [...loginEndpoints(services), ...sessionEndpoints(services), ...accountEndpoints(services)];
  const { endpoints, openapi } = describeEndpoints(config, features.endpoints(core));
  const router = createAuthRouter(endpoints, services);
  // Last comes what stays when createAuth throws: strategies in the app's Passport instance, and connections.
  const takeBackStrategies = useStrategies(passport, services, tokenVerify);
  revocations.follow();
  // Reads the store's clock early. Code that needs the time asks again.
  config.timeKnown().catch((error: unknown) => {
    if (isAuthError(error, 'SERVICE_UNAVAILABLE')) events.announce('unavailable', () => ({ error }));
  });
  const stopFollowingUsers = config.users.onUserGone?.((id) => sessions.revokeAll(id, {}, 'user-gone'));

  const auth: Auth = {
    router,
    tokenVerify,
    guard,
    completeLogin: (completeOptions) => createCompleteLogin(services, completeOptions),
    login: (loginOptions) => createFormLogin(services, loginOptions),
    register: (registerOptions) => {
      if (endpoints.some((each) => nameOf(each) === 'POST /register' && !core.includes(each)))
        throw new TypeError('register(): a feature brings its own registration, POST /register');
      return createFormRegister(services, registerOptions);
    },
    changePassword: (passwordOptions) => createFormPassword(services, passwordOptions),
    logout: (logoutOptions) => createFormLogout(services, logoutOptions),
    flowState: services.flowState,
    errorHandler: createErrorHandler({ events, textsFor }),
    textOf: createTextOf(config),
    passport,
    openapi,
    sessions: createServerSessions(sessions),
    events,
    async ready() {
      await waitUntilReady(config, revocations);
      await sayWhileWaiting('its features', features.ready());
    },
    async close() {
      try {
        // Without a feature to wait for, the rest ends before this call returns its promise.
        if (features.close) await features.close();
      } finally {
        if (config.passport) takeBackStrategies();
        stopFollowingUsers?.();
        revocations.close();
        await services.passwords.close();
      }
    },
  };
  return rememberUserStore(auth, options.users);
}

/** What is made once. Each endpoint, guard and feature takes from it what its own types ask for. */
function createServices(config: AuthConfig, events: AuthEvents) {
  const passwords = new PasswordHasher(config.password.cost, config.password.long);
  const revocations = new Revocations(config, events);
  // Filled below: features get the sessions, and sessions ask the features.
  const beforeSession: BeforeSession[] = [];
  const sessions = new Sessions(config, events, revocations, beforeSession);
  const accessTokens = new AccessTokens(config, revocations);
  const authenticateRequest = createAuthenticateRequest(config, accessTokens);
  const limits = new AttemptLimits(config, events);
  const passport = config.passport ?? createPassport();
  const textsFor = createTextsFor(config);
  const renewals = new Renewals({ config, events, accessTokens, sessions });
  const guards = { config, events, accessTokens, authenticateRequest, sessions, textsFor, renewals };
  const guard = (guardOptions?: GuardOptions) => createGuard(guards, guardOptions);
  const sameSite = createSameSite(config, events, { foreign: 'without cookies' });
  const flowState = createFlowState(config, events);
  const bodies = createBodySchemas(config);
  const shared = {
    config,
    events,
    sessions,
    passwords,
    limits,
    flowState,
    guard,
    sameSite,
    textsFor,
    bodies,
  };
  const features = setUpFeatures(config.features, shared);
  beforeSession.push(...features.beforeSession);
  return {
    ...shared,
    accessTokens,
    authenticateRequest,
    revocations,
    passport,
    proveLogin: createProveLogin(passport),
    limitRegistrations: createLimitRegistrations(limits),
    sameSiteForm: createSameSite(config, events),
    formGuard: createGuard(guards, { checkSession: true, renew: true }, (error, _req, _res, next) =>
      next(error),
    ),
    sameSiteWithoutCookies: createSameSite(config, events, {
      foreign: 'without cookies',
      setsNoCookie: true,
    }),
    features,
  };
}
