import { PasswordHasher } from './accounts/password-hasher.js';
import type { AuthConfig } from './config/auth-config.js';
import type { Auth } from './auth.js';
import type { AuthOptions } from './config/auth-options.js';
import { parseOptions } from './config/parse-options.js';
import { createCompleteLogin } from './controllers/complete-login.js';
import { createFormLogin } from './controllers/form-login.js';
import { createFormLogout } from './controllers/form-logout.js';
import { createFormPassword } from './controllers/form-password.js';
import { createFormRegister } from './controllers/form-register.js';
import { createEndSession } from './controllers/end-session.js';
import { createStartSession } from './controllers/start-session.js';
import { announceOutage } from './events/announce-outage.js';
import { auditing } from './events/audit.js';
import { AuthEvents } from './events/auth-events.js';
import { setUpFeatures } from './features/set-up-features.js';
import { createFlowState } from './flow-state/flow-state.js';
import { createAuthenticateRequest } from './http/authenticate-request.js';
import { createBodySchemas } from './http/body-schemas.js';
import { nameOf } from './http/endpoint.js';
import { createLocaleOf, createTextOf, createTextsFor } from './http/texts-for.js';
import { AttemptLimits } from './limits/attempt-limits.js';
import { createErrorHandler } from './middleware/error-handler.js';
import type { GuardOptions } from './middleware/guard-options.js';
import { createLimitRegistrations } from './middleware/limit-registrations.js';
import { Renewals } from './middleware/renew.js';
import { createSameSite } from './middleware/same-site.js';
import { createVerify } from './middleware/verify.js';
import { createGuard } from './middleware/token-verify.js';
import { createPassport, createProveLogin, useStrategies } from './passport/index.js';
import { accountEndpoints } from './routes/account-endpoints.js';
import { createAuthRouter } from './routes/auth-router.js';
import { describeEndpoints } from './routes/describe-endpoints.js';
import { jwksEndpoints } from './routes/jwks-endpoint.js';
import { loginEndpoints } from './routes/login-endpoints.js';
import { sessionEndpoints } from './routes/session-endpoints.js';
import { AccessTokens } from './sessions/access-tokens.js';
import type { HasFactor } from './sessions/amr-after.js';
import { sayWhileWaiting, waitForUsers, waitUntilReady } from './sessions/ready.js';
import { Revocations } from './sessions/revocations.js';
import { createServerPasswords } from './controllers/server-passwords.js';
import { createServerUsernames } from './controllers/server-usernames.js';
import { createServerSessions } from './controllers/server-sessions.js';
import { Sessions } from './sessions/sessions.js';
import type { FeatureClaims } from './sessions/token-claims.js';
import type { BeforeSession } from './sessions/start-session.js';
import type { Sockets, SocketsServices } from './sockets/sockets.js';
import { rememberUserStore } from './stores/user-store-of.js';
import { AccessTokenVerifier } from './tokens/access-token-verifier.js';
import { TextSealer } from './tokens/sealed-text.js';

const NO_REGISTER_OPTIONS =
  'register.schema and register.create have no effect: a feature brings its own registration, POST /register';
const NO_REGISTER_FORM =
  'register(): a feature brings its own registration, POST /register: let a script of the page post JSON there';

/** Makes the parts of an `auth`, and puts them together. @throws TypeError that names the option and the cure */
export function assembleAuth(options: AuthOptions): Auth {
  const config = parseOptions(options);
  const events = new AuthEvents(config.now, config.audit && auditing(config.audit));
  const services = createServices(config, events);
  const { passport, sessions, revocations, features, guard } = services;
  const tokenVerify = guard();
  const textOf = createTextOf(config, services.localeOf);
  const { close: closeSockets, ...forSockets } = lazySockets({ ...services, textOf });
  const core = coreEndpoints(services);
  const { endpoints, openapi } = describeEndpoints(config, features.endpoints(core));
  const added = endpoints.filter((each) => !core.includes(each)).map(nameOf);
  // Also where `register` is false: a form would make accounts that the feature knows nothing of.
  const bringsRegistration = [...features.replaced, ...added].includes('POST /register');
  if (bringsRegistration && typeof options.register === 'object') throw new TypeError(NO_REGISTER_OPTIONS);
  const router = createAuthRouter(endpoints, services);
  // Last comes what stays when createAuth throws: strategies in the app's Passport instance, and connections.
  const takeBackStrategies = useStrategies(passport, services, tokenVerify);
  revocations.follow();
  // Reads the store's clock early. Code that needs the time asks again.
  config.timeKnown().catch((error: unknown) => {
    announceOutage(events, error);
  });
  const stopFollowingUsers = config.users.onUserGone?.((id) => sessions.revokeAll(id, {}, 'user-gone'));

  const auth: Auth = {
    router,
    tokenVerify,
    guard,
    completeLogin: (completeOptions) => createCompleteLogin(services, completeOptions),
    login: (loginOptions) => createFormLogin(services, loginOptions),
    register: (registerOptions) => {
      if (bringsRegistration) throw new TypeError(NO_REGISTER_FORM);
      return createFormRegister(services, registerOptions);
    },
    changePassword: (passwordOptions) => createFormPassword(services, passwordOptions),
    logout: (logoutOptions) => createFormLogout(services, logoutOptions),
    startSession: createStartSession(services),
    endSession: createEndSession(services),
    verify: createVerify(services),
    flowState: services.flowState,
    errorHandler: createErrorHandler(services),
    textOf,
    ...forSockets,
    passport,
    openapi,
    sessions: createServerSessions(services),
    usernames: createServerUsernames(services),
    passwords: createServerPasswords(services),
    events,
    async ready() {
      await waitUntilReady(config, revocations);
      await waitForUsers(async () => config.users.ready?.({ hasFields: registersFields(options) }));
      await services.passwords.ready();
      await sayWhileWaiting('its features', features.ready());
    },
    async close() {
      try {
        // Without a feature to wait for, the rest ends before this call returns its promise.
        if (features.close) await features.close();
      } finally {
        if (config.passport) takeBackStrategies();
        stopFollowingUsers?.();
        closeSockets();
        revocations.close();
        await services.passwords.close();
      }
    },
  };
  return rememberUserStore(auth, options.users);
}

/** Whether anything but the user store fills columns of a user who registers. */
function registersFields({ register }: AuthOptions): boolean {
  return (
    register === false || (typeof register === 'object' && ('schema' in register || 'create' in register))
  );
}

function coreEndpoints(services: ReturnType<typeof createServices>) {
  return [
    ...loginEndpoints(services),
    ...sessionEndpoints(services),
    ...accountEndpoints(services),
    ...jwksEndpoints(services),
  ];
}

/** An app without sockets loads none of this. */
function lazySockets(services: SocketsServices): ForSockets & { close: () => void } {
  let made: Sockets | undefined;
  let isClosed = false;
  const sockets = () => {
    if (made) return made;
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const module = require('./sockets/sockets.js') as typeof import('./sockets/sockets.js');
    made = new module.Sockets(services);
    if (isClosed) made.close();
    return made;
  };
  return {
    socketIo: (options) => sockets().socketIo(options),
    upgrade: (server, options) => sockets().upgrade(server, options),
    renew: (socket, token) => sockets().renew(socket, token),
    requireFresh: (socket, maxAge) => sockets().requireFresh(socket, maxAge),
    requireRoles: (socket, roles) => sockets().requireRoles(socket, roles),
    close: () => {
      isClosed = true;
      made?.close();
    },
  };
}

type ForSockets = Pick<Auth, 'socketIo' | 'upgrade' | 'renew' | 'requireFresh' | 'requireRoles'>;

/** What is made once. Each endpoint, guard and feature takes from it what its own types ask for. */
function createServices(config: AuthConfig, events: AuthEvents) {
  const passwords = new PasswordHasher(config.password.cost, config.password.long, events, config.password);
  const revocations = new Revocations(config, events);
  // Filled below: features get the sessions, and sessions ask the features.
  const beforeSession: BeforeSession[] = [];
  const hasFactor: HasFactor[] = [];
  const featureClaims: FeatureClaims = {};
  const sessions = new Sessions(config, events, revocations, beforeSession, hasFactor, featureClaims);
  const verifier = new AccessTokenVerifier(config.accessToken);
  const accessTokens = new AccessTokens(config, revocations, featureClaims, verifier);
  const authenticateRequest = createAuthenticateRequest(config, accessTokens);
  const limits = new AttemptLimits(config, events);
  const passport = config.passport ?? createPassport();
  const localeOf = createLocaleOf(config);
  const textsFor = createTextsFor(config, localeOf);
  const renewals = new Renewals({ config, events, accessTokens, sessions });
  const guards = {
    config,
    events,
    accessTokens,
    authenticateRequest,
    sessions,
    textsFor,
    renewals,
    featureClaims,
  };
  const guard = (guardOptions?: GuardOptions) => createGuard(guards, guardOptions);
  const sameSiteIfCookies = createSameSite(config, events, { foreign: 'without cookies' });
  const sameSiteAlways = createSameSite(config, events);
  const sealer = new TextSealer(config.refreshToken.keys.verificationKeys);
  const flowState = createFlowState(config, events, sealer);
  const bodies = createBodySchemas(config);
  const shared = {
    config,
    events,
    sessions,
    passwords,
    limits,
    flowState,
    sealer,
    tokenKids: new Set([...config.accessToken.keys.kids, ...config.refreshToken.keys.kids]),
    guard,
    sameSiteIfCookies,
    sameSiteAlways,
    textsFor,
    localeOf,
    bodies,
  };
  const features = setUpFeatures(config.features, { ...shared, sameSite: sameSiteIfCookies });
  beforeSession.push(...features.beforeSession);
  hasFactor.push(...features.hasFactor);
  Object.assign(featureClaims, features.claims);
  return {
    ...shared,
    featureClaims,
    accessTokens,
    authenticateRequest,
    revocations,
    passport,
    proveLogin: createProveLogin(passport),
    limitRegistrations: createLimitRegistrations(limits),
    formGuard: guard({ checkSession: true, renew: true, onFailure: 'next' }),
    sameSiteIfCookiesSent: createSameSite(config, events, {
      foreign: 'without cookies',
      setsNoCookie: true,
    }),
    features,
    canonicalUsername: features.canonicalUsername,
  };
}
