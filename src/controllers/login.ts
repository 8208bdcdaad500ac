import type { Request, RequestHandler, Response } from 'express';
import { originOf } from '../http/request-origin.js';
import { authenticateLocal } from '../passport/index.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest, Transport } from '../http/body-schemas.js';
import { replacedTokens } from '../http/replaced-tokens.js';
import type { Services } from './services.js';
import type { IssuedTokens } from '../sessions/sessions.js';
import { deliverTokens, publicUser } from '../http/token-response.js';

/** Answers a login with its JSON. */
export function createLogin(services: Services): RequestHandler {
  const { config, textsFor } = services;
  return async function login(req: BodyRequest<'login'>, res: AnswerResponse<'login'>) {
    const issued = await proveAndStart(services, req, res, req.body.transport);
    const tokens = deliverTokens(res, issued, req.body.transport, config);
    res.json({ message: textsFor(req, res).loginSuccessful, user: publicUser(issued.user), ...tokens });
  };
}

/** Proves username and password, and starts a session. */
export async function proveAndStart(
  services: Services,
  req: BodyRequest<'login'>,
  res: Response,
  transport: Transport,
): Promise<IssuedTokens> {
  const { remember } = req.body;
  const origin = originOf(req);
  const user = await authenticateLocal(services.passport, req, res);
  const replaced = replacedTokens(req as Request, transport, services.config);
  return services.sessions.start(user, { remember, transport, replaced }, origin);
}
