import type { AuthError } from '../../errors.js';
import type { Session } from '../refresh-token-store.js';
import { SESSION_FORMAT, unreadableSession } from '../session-format.js';

const [COUNT, TIME, LINE] = ['(\\d+)', '(-?\\d+)', '([^\\n]*)'];
/** The same format that the scripts read. One expression for all lines takes half as long as `split`. */
const PACKED = new RegExp(
  `^${[SESSION_FORMAT, COUNT, TIME, TIME, LINE, COUNT, TIME, LINE, LINE, LINE].join('\\n')}(?:\\n${LINE})?`,
);

/**
 * A session as a text with one line for each member, which takes a third of the memory of a hash with one field for each. The
 * first line is the version of the format. The members that a rotation changes come first, so its script reads six lines and
 * copies the rest. All times except `createdAt` are milliseconds after `createdAt`. That script adds a line about the origins of
 * rotations (`refresh-token-scripts.ts`), which only it reads.
 */
export function packSession(session: Session): string {
  const createdAt = session.createdAt.getTime();
  return [
    SESSION_FORMAT,
    session.generation,
    session.rotatedAt.getTime() - createdAt,
    session.expiresAt.getTime() - createdAt,
    session.attempt ?? '',
    createdAt,
    session.authTime.getTime() - createdAt,
    session.remember ? 1 : 0,
    encodeLine(session.ip),
    encodeLine(session.userAgent),
    // Few sessions have it, and the others shouldn't pay for an empty line.
    ...(session.amr ? [session.amr.join(' ')] : []),
  ].join('\n');
}

/** @throws AuthError SERVICE_UNAVAILABLE for the format of another release */
export function unpackSession(userId: string, sessionId: string, packed: string): Session {
  const lines = PACKED.exec(packed);
  if (!lines) throw unreadablePacked(packed);
  const [
    ,
    generation,
    rotatedAfter,
    expiresAfter,
    attempt,
    created,
    authAfter,
    remember,
    ip,
    userAgent,
    amr,
  ] = lines;
  const createdAt = Number(created);
  const after = (milliseconds: string | undefined) => new Date(createdAt + Number(milliseconds));
  const session: Session = {
    userId,
    sessionId,
    generation: Number(generation),
    rotatedAt: after(rotatedAfter),
    attempt: attempt || undefined,
    createdAt: new Date(createdAt),
    authTime: after(authAfter),
    expiresAt: after(expiresAfter),
    remember: remember === '1',
    ip: ip || undefined,
    userAgent: userAgent || undefined,
  };
  if (amr) session.amr = amr.split(' ');
  return session;
}

/** The error for a session that can't be read. It contains the format and nothing else of the session. */
export function unreadablePacked(packed: string): AuthError {
  return unreadableSession(/^\d{1,9}(?=\n)/.exec(packed)?.[0] ?? 'unknown');
}

/** Addresses and headers contain no line break, but a value that an app sets itself might, and must not forge a line. */
function encodeLine(text = ''): string {
  return text.replace(/[\r\n]+/g, ' ');
}
