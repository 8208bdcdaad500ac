import type { Request } from 'express';
import { Strategy } from 'passport-jwt';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { AuthConfig } from '../config/auth-config.js';
import { AuthError } from '../errors.js';
import { selectKey } from '../tokens/jwt.js';
import { extractAccessToken, type AuthenticateRequest } from '../http/authenticate-request.js';

type VerifiedRequest = (
  req: Request,
  payload: unknown,
  done: (error: null, user: Express.User) => void,
) => void;

/**
 * Registered as `jwt`, for those who go through Passport: with a callback, or as one of several strategies. It answers what
 * the guard answers, because it asks the same questions before passport-jwt may verify the signature once more.
 */
export function createJwtStrategy(
  { accessToken, cookies }: AuthConfig,
  accessTokens: AccessTokens,
  authenticateRequest: AuthenticateRequest,
): Strategy {
  class AccessTokenStrategy extends Strategy {
    override authenticate(req: Request, options?: object): void {
      try {
        const { id, sessionId } = authenticateRequest(req);
        accessTokens.assertNotRevoked(id, sessionId);
      } catch (error) {
        // An outage is no failed authentication.
        if (error instanceof AuthError && error.status < 500) this.fail(error, error.status);
        else this.error(error as Error);
        return;
      }
      super.authenticate(req, options);
    }
  }
  const verified: VerifiedRequest = (req, _payload, done) => done(null, authenticateRequest(req));
  return new AccessTokenStrategy(
    {
      jwtFromRequest: (req: Request) => extractAccessToken(req, cookies.accessName)?.token ?? null,
      secretOrKeyProvider: (_req, token, done) =>
        done(null, selectKey(token as string, 'at+jwt', accessToken.keys) as unknown as Buffer),
      algorithms: [accessToken.keys.algorithm],
      // Times have been checked, against our clock.
      jsonWebTokenOptions: { ignoreNotBefore: true },
      ignoreExpiration: true,
      passReqToCallback: true,
    },
    verified,
  );
}
