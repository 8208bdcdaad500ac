import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { verifyCredentials, type CredentialServices } from '../accounts/verify-credentials.js';
import { isAuthError } from '../errors.js';
import { originOf } from '../http/request-origin.js';

export interface LocalStrategyServices extends CredentialServices {
  config: CredentialServices['config'] & { readonly usernameField: string; readonly passwordField: string };
}

/** passport-local reads the query string too, from where a password ends up in logs. */
class BodyOnlyStrategy extends Strategy {
  override authenticate({ body, ip, headers }: Request, options?: object): void {
    super.authenticate({ body: body as unknown, query: {}, ip, headers } as Request, options);
  }
}

/** Registered as `local`. Proves a login with username and password, within the limits on attempts. */
export function createLocalStrategy(services: LocalStrategyServices): Strategy {
  const { usernameField, passwordField } = services.config;
  return new BodyOnlyStrategy(
    { usernameField, passwordField, session: false, passReqToCallback: true },
    (req, username: unknown, password: unknown, done) => {
      // Where an app uses the strategy itself, nothing has checked the body before.
      if (!isStorable(username) || !isStorable(password)) {
        done(null, false);
        return;
      }
      verifyCredentials(services, { username, password, origin: originOf(req) }).then(
        (user) => done(null, user as unknown as Express.User),
        (error: unknown) => (isAuthError(error, 'INVALID_CREDENTIALS') ? done(null, false) : done(error)),
      );
    },
  );
}

/** As the router requires it. No stored name or password is anything else, and PostgreSQL can't even look for it. */
function isStorable(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && value.isWellFormed();
}
