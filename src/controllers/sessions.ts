import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { clearTokenCookies, type CookieConfig } from '../http/cookies.js';
import { originOf } from '../http/request-origin.js';
import type { SessionConfig } from '../sessions/session-config.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Session } from '../stores/refresh-token-store.js';

export interface SessionsServices {
  config: { readonly cookies: CookieConfig } & Pick<SessionConfig, 'now' | 'refreshToken'>;
  sessions: Pick<Sessions, 'list' | 'revoke' | 'revokeAll'>;
}

const HOUR_MS = 3_600_000;

/** What a user learns of the times of a session. In milliseconds since 1970. */
interface ShownTimes {
  lastUsedAt: number;
  expiresAt: number;
}

/**
 * In whole hours: enough for "today" and "yesterday" in any time zone. To the millisecond, a thief with a copy of the cookies
 * could see when the user has refreshed, follow within the reuse window and never be found. The current session is in use now, so
 * its times come from this request and show nothing of its refreshes.
 */
function shownTimes(
  { createdAt, rotatedAt, expiresAt }: Session,
  isCurrent: boolean,
  { now, refreshToken }: SessionsServices['config'],
): ShownTimes {
  const usedAt = isCurrent ? now() : rotatedAt.getTime();
  const endsAt = isCurrent
    ? Math.min(
        usedAt + refreshToken.expiresInSeconds * 1000,
        createdAt.getTime() + refreshToken.maxLifetimeSeconds * 1000,
      )
    : expiresAt.getTime();
  return {
    lastUsedAt: Math.max(createdAt.getTime(), Math.floor(usedAt / HOUR_MS) * HOUR_MS),
    expiresAt: Math.ceil(endsAt / HOUR_MS) * HOUR_MS,
  };
}

/** The user's devices, the current one first. The order must not tell more than the times do. */
export function createListSessions({ config, sessions }: SessionsServices): RequestHandler {
  return async function listSessions(req, res: AnswerResponse<'listSessions'>) {
    const { id, sessionId } = req.user as Express.User;
    const shown = (await sessions.list(id, sessionId)).map((session) => {
      const current = session.sessionId === sessionId;
      return { session, current, ...shownTimes(session, current, config) };
    });
    shown.sort(
      (a, b) =>
        Number(b.current) - Number(a.current) ||
        b.lastUsedAt - a.lastUsedAt ||
        b.session.createdAt.getTime() - a.session.createdAt.getTime(),
    );
    res.json({
      sessions: shown.map(({ session, current, lastUsedAt, expiresAt }) => ({
        id: session.sessionId,
        current,
        createdAt: session.createdAt,
        lastUsedAt: new Date(lastUsedAt),
        expiresAt: new Date(expiresAt),
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
