import type { Request, RequestHandler } from 'express';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { extractAccessTokens, type AccessTokenPlaces } from '../http/authenticate-request.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { clearTokenCookies, readCookies, type CookieConfig } from '../http/cookies.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import type { Sessions } from '../sessions/sessions.js';
import { inTimeLeft } from '../utils/in-time-left.js';

export interface LogoutServices {
  config: AccessTokenPlaces & { readonly cookies: CookieConfig };
  sessions: Pick<Sessions, 'endByTokens' | 'endAll' | 'revokeAll'>;
  textsFor: TextsFor;
  features: { logoutAll(userId: string): Promise<void> };
}

/** Answers a logout with its JSON. */
export function createLogout(services: LogoutServices): RequestHandler {
  return async function logout(req: BodyRequest<'refresh'>, res: AnswerResponse<'logout'>) {
    await endByRequest(services, req as Request, req.body.refreshToken);
    clearTokenCookies(res, services.config.cookies);
    res.json({ message: services.textsFor(req, res).userLogout });
  };
}

/**
 * Ends every session that the tokens name. In an outage it reports 503, because the session may go on. Clear the cookies afterwards.
 * @returns whether there was one
 */
export async function endByRequest(
  { config, sessions }: Pick<LogoutServices, 'config' | 'sessions'>,
  req: Request,
  tokenInBody?: string,
): Promise<boolean> {
  const refreshTokens = tokenInBody ? [tokenInBody] : readCookies(req, config.cookies.refreshName);
  const accessTokens = extractAccessTokens(req, config).map(({ token }) => token);
  return sessions.endByTokens({ refreshTokens, accessTokens }, originOf(req));
}

/**
 * Ends every session of the user, on all devices. What lets a session begin without a full login ends first, so that none begins in between.
 * If that can't end, all sessions but this one end all the same. With this one the user sends the request again, which finishes it.
 */
export function createLogoutAll({ config, features, sessions, textsFor }: LogoutServices): RequestHandler {
  return async function logoutAll(req, res: AnswerResponse<'logoutAll'>) {
    const { id, sessionId } = req.user as Express.User;
    const origin = originOf(req);
    try {
      await features.logoutAll(id);
    } catch (error) {
      await inTimeLeft(sessions.revokeAll(id, { except: sessionId }, 'logout-all', origin));
      throw error;
    }
    const ended = await sessions.endAll({ userId: id, sessionId }, origin);
    // Once more, for a login whose session has ended just now. Its own session is gone, so a failure is no reason to ask the user again.
    await inTimeLeft(features.logoutAll(id));
    clearTokenCookies(res, config.cookies);
    res.json({ message: textsFor(req, res).loggedOutEverywhere, ended });
  };
}
