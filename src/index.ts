export { createAuth } from './create-auth.js';
export type { Auth } from './auth.js';
export type { StartSession, StartSessionOptions } from './controllers/start-session.js';
export type { EndSession } from './controllers/end-session.js';
export type { SessionEnd, SessionEndListener, SessionEndReason } from './sessions/session-ends.js';
export type { SessionTokens } from './sessions/session-tokens.js';
export type { PublicUser } from './stores/public-user.js';
export type { Verify, VerifySource } from './middleware/verify.js';
export type { ServerPasswords } from './controllers/server-passwords.js';
export type { ServerUsernames } from './controllers/server-usernames.js';
export type {
  OriginOptions,
  ServerSessions,
  SessionRefreshOptions,
  SessionStartOptions,
} from './controllers/server-sessions.js';
export type { CompleteLoginOptions } from './controllers/complete-login.js';
export type { ErrorBody, ErrorBodyOptions } from './http/error-body.js';
export type { RedirectTo } from './http/local-redirect.js';
export type { FailureRedirect, FormOptions } from './controllers/form-handler.js';
export type { LoginOptions } from './controllers/form-login.js';
export type { ChangePasswordOptions } from './controllers/form-password.js';
export type { RegisterOptions } from './controllers/form-register.js';
export type { LogoutOptions } from './controllers/form-logout.js';
export { AUTH_FAILURES, AuthError, UsernameTakenError } from './errors.js';
export type { AuthErrorBody, AuthErrorCode } from './errors.js';
export type { AuditRecord } from './events/audit.js';
export { AUTH_EVENT_NAMES } from './events/auth-event.js';
export type {
  AuditEventName,
  AuthEvent,
  AuthEventDetails,
  AuthEventMap,
  AuthEventName,
  FactorFailureReason,
  FlowStateFailureReason,
  LoginFailureReason,
  MailKind,
  OneTimeTokenPurpose,
  RefusalCode,
  RequestOrigin,
  RevocationReason,
  SecondFactorKind,
} from './events/auth-event.js';
export type { AuthEvents } from './events/auth-events.js';
export type { Feature } from './features/feature.js';
export { emailAccount } from './features/email-account/email-account.js';
export type { EmailAccount } from './features/email-account/account.js';
export type { EmailAccountOptions, MailLogin } from './features/email-account/options.js';
export type { Mail, MailText, SendMail } from './features/email-account/mails/mail.js';
export type { MailTextsOption, OwnMailTexts } from './features/email-account/mails/mail-texts.js';
export { secondFactor } from './features/second-factor/second-factor.js';
export type { FactorReset, SecondFactor } from './features/second-factor/feature-calls.js';
export type { SecondFactorOptions } from './features/second-factor/options.js';
export type { GuardOptions, VerifyOptions } from './middleware/guard-options.js';
export type { AuthOptions } from './config/auth-options.js';
export type { LimitsOptions } from './config/limits-options.js';
export type { PasswordOptions } from './config/password-options.js';
export type { RegisteredUser, RegistrationOptions } from './http/registration.js';
export type { AuthErrorDetails } from './utils/error-details.js';
export type { BrokenRule, FieldError } from './utils/field-error.js';
export type { StandardSchemaIssue, StandardSchemaResult, StandardSchemaV1 } from './utils/standard-schema.js';
export type { FlowStateOptions } from './flow-state/flow-options.js';
export type { FlowState } from './flow-state/flow-state.js';
export type { RequestIds } from './flow-state/saml-request-ids.js';
export type { StateStore } from './flow-state/oauth-state-store.js';
export type { OpenApiDocument } from './openapi/openapi-document.js';
export type { OpenApiInfo, OpenApiOptions, OpenApiServer } from './openapi/openapi-options.js';
export {
  userOf,
  type AuthenticatedUser,
  type LoadedUser,
  type Register,
  type RegisteredClaims,
  type VerifiedUser,
} from './http/authenticated-user.js';
export type { TextOf } from './http/texts-for.js';
export type { TrustedOrigins } from './http/trusted-origins.js';
export type { ClaimsSession, ClaimsUser } from './sessions/ask-claims.js';
export type { OnStoreDown } from './sessions/session-config.js';
export type { Locale, MessageKey, Messages, MessagesOption } from './messages/messages.js';
export type { AttemptCounter } from './stores/attempt-counter.js';
export type {
  Credential,
  CredentialStore,
  NewCredential,
  RemoveCredentialsOptions,
} from './stores/credential-store.js';
export type { Identity, IdentityStore } from './stores/identity-store.js';
export type { NewOneTimeToken, OneTimeToken, OneTimeTokenStore } from './stores/one-time-token-store.js';
export { MemoryRefreshTokenStore } from './stores/memory/refresh-token-store.js';
export { MemoryUserStore } from './stores/memory/user-store.js';
export type { PostgresClient } from './stores/postgres/client.js';
export {
  PostgresRefreshTokenStore,
  type PostgresRefreshTokenStoreOptions,
} from './stores/postgres/refresh-token-store.js';
export { PostgresUserStore, type PostgresUserStoreOptions } from './stores/postgres/user-store.js';
export type { ListUsersOptions } from './stores/list-users-options.js';
export type { SqlTableOptions } from './stores/app-table/sql-table-options.js';
export type { UserColumns, UserTableOptions, UserTableRow } from './stores/app-table/user-table-options.js';
export type { IoredisClient } from './stores/redis/drivers/ioredis.js';
export type {
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
} from './stores/redis/drivers/node-redis-client.js';
export type { RedisClient } from './stores/redis/redis-client.js';
export {
  RedisRefreshTokenStore,
  type RedisRefreshTokenStoreOptions,
} from './stores/redis/refresh-token-store.js';
export type {
  CreateOptions,
  NewSession,
  RefreshTokenStore,
  RaiseRequest,
  RaiseResult,
  RotateRequest,
  RotateResult,
  Session,
} from './stores/refresh-token-store.js';
export type { Revocation, RevocationFeed, RevocationFollower } from './stores/revocation-feed.js';
export type {
  NewUser,
  StoredUser,
  UserGoneListener,
  UserStore,
  UserStoreReadyOptions,
} from './stores/user-store.js';
export type { Duration } from './utils/duration.js';
export type { Algorithm } from './tokens/algorithms.js';
export type { KeyInput, KeyPair, Secret } from './tokens/keys.js';
export type {
  SocketEndCode,
  SocketIoData,
  SocketIoMiddleware,
  SocketIoSocket,
  WebSocketServerLike,
} from './sockets/socket-types.js';
export { newUsername } from './stores/new-username.js';
export { normalizeUsername, usernameKey } from './utils/username.js';
