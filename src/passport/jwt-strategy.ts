import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import { AuthError } from '../errors.js';
import {
  extractAccessTokens,
  selectAccessToken,
  type AccessTokenPlaces,
  type AuthenticateRequest,
} from '../http/authenticate-request.js';
import type { AuthenticatedUser } from '../http/authenticated-user.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { AccessTokenConfig } from '../tokens/access-token.js';
import { selectKey } from '../tokens/jwt.js';
import type { Algorithm } from '../tokens/keys.js';
import { asError } from '../utils/as-error.js';
import { keepCode } from './authenticate.js';

export interface JwtStrategyServices {
  config: AccessTokenPlaces & { readonly accessToken: AccessTokenConfig };
  accessTokens: AccessTokens;
  authenticateRequest: AuthenticateRequest;
}

type VerifiedRequest = (
  req: Request,
  payload: unknown,
  done: (error: null, user: Express.User) => void,
) => void;

/**
 * Registered as `jwt`, for requests that go through Passport: with a callback, or with several strategies. It gives the guard's
 * answers, because it makes the guard's checks before passport-jwt verifies the signature again.
 */
export function createJwtStrategy({
  config,
  accessTokens,
  authenticateRequest,
}: JwtStrategyServices): Strategy {
  const { keys } = config.accessToken;
  class AccessTokenStrategy extends Strategy {
    override authenticate(req: Request, options?: object): void {
      keepCode(this, options);
      let user: AuthenticatedUser;
      try {
        user = authenticateRequest(req);
        accessTokens.assertNotRevoked(user.id, user.sessionId);
      } catch (error) {
        // An outage is no failed authentication.
        if (error instanceof AuthError && error.status < 500) this.fail(error, error.status);
        else this.error(asError(error) as Error);
        return;
      }
      // passport-jwt can't verify it again: it calls jsonwebtoken, which has no EdDSA.
      if (keys.algorithm === 'EdDSA') this.success(user);
      else super.authenticate(req, options);
    }
  }
  const verified: VerifiedRequest = (req, _payload, done) => done(null, authenticateRequest(req));
  return new AccessTokenStrategy(
    {
      jwtFromRequest: (req: Request) =>
        selectAccessToken(extractAccessTokens(req, config), accessTokens).token,
      secretOrKeyProvider: (_req, token, done) =>
        done(null, selectKey(token as string, 'at+jwt', keys).key as unknown as Buffer),
      algorithms: [keys.algorithm as Exclude<Algorithm, 'EdDSA'>],
      // The guard's checks have judged the times, by the store's clock.
      jsonWebTokenOptions: { ignoreNotBefore: true },
      ignoreExpiration: true,
      passReqToCallback: true,
    },
    verified,
  );
}
