import type { RequestHandler } from 'express';
import { isAuthError } from '../errors.js';
import { authenticateLocal } from '../passport/index.js';
import type { AnswerResponse } from './answer-schemas.js';
import type { BodyRequest } from './body-schemas.js';
import type { Services } from '../services.js';
import { deliverTokens, originOf, publicUser } from './token-response.js';

/** Proves username and password, and starts a session. */
export function createLogin({ config, events, limits, passport, sessions }: Services): RequestHandler {
  return async function login(req: BodyRequest<'login'>, res: AnswerResponse<'login'>) {
    const { remember, transport } = req.body;
    const username = req.body[config.usernameField] as string;
    const origin = originOf(req);
    const user = await limits
      .login(req, username, () => authenticateLocal(passport, req, res))
      .catch((error: unknown) => {
        if (isAuthError(error, 'INVALID_CREDENTIALS')) {
          events.announce('loginFailed', () => ({ username, ...origin }));
        }
        throw error;
      });
    const issued = await sessions.start(user, remember, origin);
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: 'Login successful', user: publicUser(user), ...tokens });
  };
}
