import type { AuthError } from '../../errors.js';
import type { Session } from '../refresh-token-store.js';
import { SESSION_FORMAT, unreadableSession } from '../session-format.js';

/** As the scripts read it. */
const READABLE = new RegExp(`^${SESSION_FORMAT}\\n\\d+\\n-?\\d+\\n-?\\d+\\n[^\\n]*\\n\\d+\\n`);

/**
 * A session as one line-separated text, which takes a third of the memory of a hash with a field for each member.
 * What a rotation changes comes first, so that its script reads six lines and copies the rest. Times but
 * `createdAt` are milliseconds after it. The first line is the version of the format.
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
    // What few sessions have costs the others nothing.
    ...(session.amr ? [session.amr.join(' ')] : []),
  ].join('\n');
}

/** @throws AuthError SERVICE_UNAVAILABLE for a format that another release knows */
export function unpackSession(userId: string, sessionId: string, packed: string): Session {
  if (!READABLE.test(packed)) throw unreadablePacked(packed);
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
  ] = packed.split('\n');
  const createdAt = Number(created);
  const after = (milliseconds: string | undefined) => new Date(createdAt + Number(milliseconds));
  return {
    userId,
    sessionId,
    generation: Number(generation),
    rotatedAt: after(rotatedAfter),
    attempt: attempt || undefined,
    createdAt: new Date(createdAt),
    authTime: after(authAfter),
    ...(amr && { amr: amr.split(' ') }),
    expiresAt: after(expiresAfter),
    remember: remember === '1',
    ip: ip || undefined,
    userAgent: userAgent || undefined,
  };
}

/** Nothing of a session but its format goes into an error. */
export function unreadablePacked(packed: string): AuthError {
  return unreadableSession(/^\d{1,9}(?=\n)/.exec(packed)?.[0] ?? 'unknown');
}

/** Neither an address nor a header holds a line break; whatever a server's own code hands over must not forge one. */
function encodeLine(text = ''): string {
  return text.replace(/[\r\n]+/g, ' ');
}
