import type { KeptSession } from '../decide-rotation.js';
import type { Session } from '../refresh-token-store.js';
import { SESSION_FORMAT, unreadableSession } from '../session-format.js';
import type { SqliteValue } from './connection.js';

/** A row of the table of sessions. */
export interface SessionRow {
  id: string;
  format: number;
  user_id: string;
  generation: number;
  attempt: string | null;
  rotated_at: number;
  created_at: number;
  auth_time: number;
  amr: string | null;
  expires_at: number;
  remember: number;
  ip: string | null;
  user_agent: string | null;
  origin: string | null;
  elsewhere_generation: number | null;
  elsewhere_count: number | null;
}

/** The session in a row. @throws AuthError SERVICE_UNAVAILABLE for the format of another release */
export function toSession(row: SessionRow): Session {
  if (row.format !== SESSION_FORMAT) throw unreadableSession(String(row.format));
  return {
    userId: row.user_id,
    sessionId: row.id,
    generation: row.generation,
    rotatedAt: new Date(row.rotated_at),
    attempt: row.attempt ?? undefined,
    createdAt: new Date(row.created_at),
    authTime: new Date(row.auth_time),
    ...(row.amr !== null && { amr: JSON.parse(row.amr) as string[] }),
    expiresAt: new Date(row.expires_at),
    remember: row.remember !== 0,
    ip: row.ip ?? undefined,
    userAgent: row.user_agent ?? undefined,
  };
}

export function toKeptSession(row: SessionRow): KeptSession {
  return {
    session: toSession(row),
    origins: {
      origin: row.origin ?? undefined,
      counted: row.elsewhere_generation ?? undefined,
      count: row.elsewhere_count ?? undefined,
    },
  };
}

/** What a rotation or a raise can change of a row, in the order of its columns. */
export function changingValues({ session, origins }: KeptSession): SqliteValue[] {
  return [
    session.generation,
    session.attempt ?? null,
    session.rotatedAt.getTime(),
    session.createdAt.getTime(),
    session.authTime.getTime(),
    session.amr ? JSON.stringify(session.amr) : null,
    session.expiresAt.getTime(),
    session.remember ? 1 : 0,
    session.ip ?? null,
    session.userAgent ?? null,
    origins.origin ?? null,
    origins.counted ?? null,
    origins.count ?? null,
  ];
}

/** The columns of a new row, in the order of the table. */
export function newValues(session: Session): SqliteValue[] {
  return [session.sessionId, SESSION_FORMAT, session.userId, ...changingValues({ session, origins: {} })];
}
