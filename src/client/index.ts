export { createAuthClient } from './create-auth-client.js';
export { AuthClientError } from './auth-client-error.js';
export type {
  AuthChange,
  AuthClient,
  AuthClientOptions,
  AuthUser,
  Credentials,
  DeviceSession,
  StepUp,
  TokenUser,
} from './auth-client.js';
export type { StoredTokens, TokenStorage } from './token-storage.js';
