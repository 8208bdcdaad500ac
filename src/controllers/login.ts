import type { Request, RequestHandler, Response } from 'express';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { assertMaySetCookies } from '../http/cookies.js';
import type { StoredUser } from '../stores/user-store.js';
import type { Transport } from '../tokens/transport.js';
import { loginAnswer } from './login-answer.js';
import { startByRequest, type StartedSession, type StartSessionServices } from './start-session.js';

/** As RFC 8176 names it. */
const PASSWORD = ['pwd'] as const;

export interface LoginServices extends StartSessionServices {
  /** Proves the login in the request's body. @throws AuthError INVALID_CREDENTIALS, TOO_MANY_ATTEMPTS */
  proveLogin: (req: Request, res: Response) => Promise<StoredUser>;
  textsFor: TextsFor;
}

/** Answers a login with its JSON. */
export function createLogin(services: LoginServices): RequestHandler {
  const { textsFor } = services;
  return async function login(req: BodyRequest<'login'>, res: AnswerResponse<'login'>) {
    const { issued, inBody } = await proveAndStart(services, req, res, req.body.transport);
    res.json(loginAnswer(textsFor(req, res).loginSuccessful, issued, inBody));
  };
}

/** Proves username and password, and starts a session. */
export async function proveAndStart(
  services: Omit<LoginServices, 'textsFor'>,
  req: BodyRequest<'login'>,
  res: Response,
  transport: Transport,
): Promise<StartedSession> {
  const { remember } = req.body;
  // Before the password is read: a page of another site must learn nothing about it.
  if (transport === 'cookie') assertMaySetCookies(req as Request);
  const origin = originOf(req);
  const user = await services.proveLogin(req as Request, res);
  const login = { req: req as Request, res, origin, remember, transport, firstFactor: PASSWORD };
  return startByRequest(services, user, login);
}
