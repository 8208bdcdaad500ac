import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { originOf } from '../http/request-origin.js';
import type { Services } from './services.js';
import { clearTokenCookies } from '../http/cookies.js';

/** The user's devices. */
export function createListSessions({ sessions }: Services): RequestHandler {
  return async function listSessions(req, res: AnswerResponse<'listSessions'>) {
    const { id, sessionId } = req.user as Express.User;
    const all = await sessions.list(id);
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

/** Ends one of the user's sessions; somebody else's is as unknown as one that never was. */
export function createEndSession({ config, sessions }: Services): RequestHandler<{ id: string }> {
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

/** Ends every session of the user but the one that asks. */
export function createEndOtherSessions({ sessions }: Services): RequestHandler {
  return async function endOtherSessions(req, res: AnswerResponse<'endOtherSessions'>) {
    const { id, sessionId } = req.user as Express.User;
    const ended = await sessions.revokeAll(id, { except: sessionId }, 'session-ended', originOf(req));
    res.json({ ended: ended.length });
  };
}

/** Anything else was never one of ours, and need not bother a store (NUL, for one, would upset PostgreSQL). */
function isSessionId(id: string): boolean {
  return /^[\w-]{1,128}$/.test(id);
}
