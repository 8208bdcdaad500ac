import type { Session } from '../refresh-token-store.js';
import { SESSION_FORMAT, unreadableSession } from '../session-format.js';
import { readText } from './client.js';
import type { SessionRow } from './refresh-token-sql.js';

/** The session in a row. @throws AuthError SERVICE_UNAVAILABLE for the format of another release */
export function toSession(row: SessionRow): Session {
  if (Number(row.format) !== SESSION_FORMAT) throw unreadableSession(row.format);
  return {
    userId: row.userId,
    sessionId: row.sessionId,
    generation: Number(row.generation),
    rotatedAt: readText.time(row.rotatedAt),
    attempt: row.attempt ?? undefined,
    createdAt: readText.time(row.createdAt),
    authTime: readText.time(row.authTime),
    ...(row.amr !== null && { amr: readText.list(row.amr) }),
    expiresAt: readText.time(row.expiresAt),
    remember: readText.boolean(row.remember),
    ip: row.ip ?? undefined,
    userAgent: row.userAgent ?? undefined,
  };
}
