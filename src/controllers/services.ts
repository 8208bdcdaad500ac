import type { RequestHandler } from 'express';
import type { Authenticator } from 'passport';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { AuthEvents } from '../events/auth-events.js';
import type { GuardOptions } from '../middleware/token-verify.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import type { TextsFor } from '../http/texts-for.js';
import type { AuthenticateRequest } from '../http/authenticate-request.js';
import type { AuthConfig } from '../config/auth-config.js';
import type { Sessions } from '../sessions/sessions.js';
import type { PasswordHasher } from '../accounts/password-hasher.js';

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
