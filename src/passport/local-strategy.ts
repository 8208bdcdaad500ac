import type { Request } from 'express';
import { Strategy } from 'passport-local';
import { verifyCredentials, type CredentialServices } from '../accounts/verify-credentials.js';
import { AuthError, isAuthError } from '../errors.js';
import { isGoneOf, originOf } from '../http/request-origin.js';
import { asError } from '../utils/as-error.js';
import { callCatching } from '../utils/call-catching.js';
import { keepCode } from './authenticate.js';
import { isKeepable } from '../utils/keepable-text.js';

export interface LocalStrategyServices extends CredentialServices {
  config: CredentialServices['config'] & { readonly usernameField: string; readonly passwordField: string };
}

/** passport-local reads the query string too, from where a password ends up in logs. */
class BodyOnlyStrategy extends Strategy {
  override authenticate({ body, ip, headers, socket }: Request, options?: object): void {
    keepCode(this, options);
    super.authenticate({ body: body as unknown, query: {}, ip, headers, socket } as Request, options);
  }
}

/** Registered as `local`. Proves a login with username and password, within the limits on attempts. */
export function createLocalStrategy(services: LocalStrategyServices): Strategy {
  const { usernameField, passwordField } = services.config;
  return new BodyOnlyStrategy(
    { usernameField, passwordField, session: false, passReqToCallback: true },
    (req, username: unknown, password: unknown, done) => {
      // The router checks the body, but an app may use this strategy without the router. No store could have such a text.
      if (!isKeepable(username) || !isKeepable(password)) {
        done(null, false, new AuthError('INVALID_CREDENTIALS'));
        return;
      }
      verifyCredentials(services, { username, password, origin: originOf(req), isGone: isGoneOf(req) }).then(
        (user) => callCatching(() => done(null, user as unknown as Express.User), done),
        (error: unknown) =>
          callCatching(
            () =>
              isAuthError(error, 'INVALID_CREDENTIALS') ? done(null, false, error) : done(asError(error)),
            done,
          ),
      );
    },
  );
}
