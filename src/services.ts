import type { RequestHandler } from 'express';
import type { Authenticator } from 'passport';
import type { AccessTokens } from './access-tokens.js';
import type { AuthEvents } from './events.js';
import type { GuardOptions } from './middleware/token-verify.js';
import type { AttemptLimits } from './middleware/rate-limit.js';
import type { TextsFor } from './middleware/texts-for.js';
import type { AuthenticateRequest } from './passport/authenticate-request.js';
import type { AuthConfig } from './auth-config.js';
import type { Sessions } from './sessions.js';
import type { PasswordHasher } from './utils/password.js';

/** What `createAuth` makes once and hands to the routes, controllers and middleware. */
export interface Services {
  config: AuthConfig;
  events: AuthEvents;
  passport: Authenticator;
  accessTokens: AccessTokens;
  authenticateRequest: AuthenticateRequest;
  passwords: PasswordHasher;
  sessions: Sessions;
  limits: AttemptLimits;
  textsFor: TextsFor;
  guard: (options?: GuardOptions) => RequestHandler;
}
