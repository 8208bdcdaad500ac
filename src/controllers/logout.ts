import type { RequestHandler } from 'express';
import { originOf } from '../middleware/request-origin.js';
import { extractAccessToken } from '../passport/authenticate-request.js';
import type { Services } from '../services.js';
import { clearTokenCookies, readCookie } from '../utils/cookies.js';
import type { AnswerResponse } from './answer-schemas.js';
import type { BodyRequest } from './body-schemas.js';

/** Ends the session that the tokens name, if any. While the store is down nothing is called ended: 503. */
export function createLogout({ config, sessions, textsFor }: Services): RequestHandler {
  return async function logout(req: BodyRequest<'refresh'>, res: AnswerResponse<'logout'>) {
    const { accessName, refreshName } = config.cookies;
    const refreshToken = req.body.refreshToken || readCookie(req, refreshName);
    await sessions.endByTokens(refreshToken, extractAccessToken(req, accessName)?.token, originOf(req));
    clearTokenCookies(res, config.cookies);
    res.json({ message: textsFor(req, res).userLogout });
  };
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
