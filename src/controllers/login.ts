import type { RequestHandler } from 'express';
import { originOf } from '../middleware/request-origin.js';
import { authenticateLocal } from '../passport/index.js';
import type { AnswerResponse } from './answer-schemas.js';
import type { BodyRequest } from './body-schemas.js';
import type { Services } from '../services.js';
import { deliverTokens, publicUser } from './token-response.js';

/** Proves username and password, and starts a session. */
export function createLogin({ config, limits, passport, sessions, textsFor }: Services): RequestHandler {
  return async function login(req: BodyRequest<'login'>, res: AnswerResponse<'login'>) {
    const { remember, transport } = req.body;
    const username = req.body[config.usernameField] as string;
    const origin = originOf(req);
    const user = await limits.login(origin, username, () => authenticateLocal(passport, req, res));
    const issued = await sessions.start(user, remember, origin);
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: textsFor(req, res).loginSuccessful, user: publicUser(user), ...tokens });
  };
}
