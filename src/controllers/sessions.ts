import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { clearTokenCookies, type CookieConfig } from '../http/cookies.js';
import { originOf } from '../http/request-origin.js';
import type { Sessions } from '../sessions/sessions.js';

export interface SessionsServices {
  config: { readonly cookies: CookieConfig };
  sessions: Pick<Sessions, 'list' | 'revoke' | 'revokeAll'>;
}

/** The user's devices. */
export function createListSessions({ sessions }: SessionsServices): RequestHandler {
  return async function listSessions(req, res: AnswerResponse<'listSessions'>) {
    const { id, sessionId } = req.user as Express.User;
    const all = await sessions.list(id, sessionId);
    res.json({
      sessions: all.map((session) => ({
        id: session.sessionId,
        current: session.sessionId === sessionId,
        createdAt: session.createdAt,
        lastUsedAt: session.rotatedAt,
        expiresAt: session.expiresAt,
        ip: session.ip ?? null,
        userAgent: session.userAgent ?? null,
      })),
    });
  };
}

/** Ends one of the user's sessions. Another user's session is as unknown as one that never existed. */
export function createEndSession({ config, sessions }: SessionsServices): RequestHandler<{ id: string }> {
  return async function endSession(req, res) {
    const user = req.user as Express.User;
    const { id } = req.params;
    if (!isSessionId(id) || !(await sessions.revoke(user.id, id, 'session-ended', originOf(req)))) {
      throw new AuthError('SESSION_NOT_FOUND', { status: 404 });
    }
    if (id === user.sessionId) clearTokenCookies(res, config.cookies);
    res.status(204).end();
  };
}

/** Ends every session of the user but the current one. */
export function createEndOtherSessions({ sessions }: SessionsServices): RequestHandler {
  return async function endOtherSessions(req, res: AnswerResponse<'endOtherSessions'>) {
    const { id, sessionId } = req.user as Express.User;
    const ended = await sessions.revokeAll(id, { except: sessionId }, 'session-ended', originOf(req));
    res.json({ ended: ended.length });
  };
}

/** No session has another id, so the store need not be asked (and PostgreSQL refuses NUL). */
function isSessionId(id: string): boolean {
  return /^[\w-]{1,128}$/.test(id);
}
