import type { Request, RequestHandler, Response } from 'express';
import { originOf } from '../http/request-origin.js';
import { extractAccessToken } from '../http/authenticate-request.js';
import type { Services } from './services.js';
import { clearTokenCookies, readCookie } from '../http/cookies.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest } from '../http/body-schemas.js';

/** Answers a logout with its JSON. */
export function createLogout(services: Services): RequestHandler {
  return async function logout(req: BodyRequest<'refresh'>, res: AnswerResponse<'logout'>) {
    await endByRequest(services, req as Request, res, req.body.refreshToken);
    res.json({ message: services.textsFor(req, res).userLogout });
  };
}

/** Ends the session that the tokens name, if any. While the store is down nothing is called ended: 503. */
export async function endByRequest(
  { config, sessions }: Services,
  req: Request,
  res: Response,
  tokenInBody?: string,
): Promise<void> {
  const { accessName, refreshName } = config.cookies;
  const refreshToken = tokenInBody || readCookie(req, refreshName);
  const accessToken = extractAccessToken(req, accessName)?.token;
  await sessions.endByTokens({ refreshToken, accessToken }, originOf(req));
  clearTokenCookies(res, config.cookies);
}

/** Ends every session of the user, on all devices. */
export function createLogoutAll({ config, sessions, textsFor }: Services): RequestHandler {
  return async function logoutAll(req, res: AnswerResponse<'logoutAll'>) {
    const { id, sessionId } = req.user as Express.User;
    const ended = await sessions.endAll({ userId: id, sessionId }, originOf(req));
    clearTokenCookies(res, config.cookies);
    res.json({ message: textsFor(req, res).loggedOutEverywhere, ended });
  };
}
