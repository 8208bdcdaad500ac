import { randomUUID } from 'node:crypto';
import type { NewOneTimeToken, NewSession, RevocationFollower } from '../../src';
import { digestOf } from '../../src/utils/digest';

const HOUR_MS = 60 * 60 * 1000;

/** A session that begins now. */
export function newSession(userId: string, sessionId: string, lifetimeMs = HOUR_MS): NewSession {
  const now = new Date();
  const expiresAt = new Date(now.getTime() + lifetimeMs);
  return { userId, sessionId, createdAt: now, authTime: now, expiresAt, remember: false };
}

/** A one-time token of ann's with a random hash. */
export function newToken(members: Partial<NewOneTimeToken> = {}): NewOneTimeToken {
  return {
    ...{ purpose: 'password-reset', subject: 'ann', hash: digestOf(randomUUID()), expiresInSeconds: 60 },
    ...members,
  };
}

/** A follower of revocations that ignores everything but what `members` handles. */
export function newFollower(members: Partial<RevocationFollower> = {}): RevocationFollower {
  const ignore = () => undefined;
  return { keepForSeconds: 60, onRevoked: ignore, onCurrent: ignore, onLost: ignore, ...members };
}
