import type { Request, RequestHandler, Response } from 'express';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { assertMaySetCookies } from '../http/cookies.js';
import { replacedTokens } from '../http/replaced-tokens.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { deliverTokens, publicUser, type DeliveryConfig } from '../http/token-response.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Sessions } from '../sessions/sessions.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';

export interface LoginServices {
  config: DeliveryConfig;
  /** Proves the login in the request's body. @throws AuthError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS */
  proveLogin: (req: Request, res: Response) => Promise<StoredUser>;
  sessions: Pick<Sessions, 'start'>;
  textsFor: TextsFor;
}

/** Answers a login with its JSON. */
export function createLogin(services: LoginServices): RequestHandler {
  const { config, textsFor } = services;
  return async function login(req: BodyRequest<'login'>, res: AnswerResponse<'login'>) {
    const issued = await proveAndStart(services, req, res, req.body.transport);
    const tokens = deliverTokens(res, issued, req.body.transport, config);
    res.json({ message: textsFor(req, res).loginSuccessful, user: publicUser(issued.user), ...tokens });
  };
}

/** Proves username and password, and starts a session. */
export async function proveAndStart(
  { config, proveLogin, sessions }: Pick<LoginServices, 'config' | 'proveLogin' | 'sessions'>,
  req: BodyRequest<'login'>,
  res: Response,
  transport: Transport,
): Promise<IssuedTokens> {
  const { remember } = req.body;
  if (transport === 'cookie') assertMaySetCookies(req as Request);
  const origin = originOf(req);
  const user = await proveLogin(req as Request, res);
  const replaced = replacedTokens(req as Request, transport, config.cookies);
  return sessions.start(user, { remember, transport, origin, replaced });
}
