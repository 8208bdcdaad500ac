import type { RequestOrigin } from '../events/auth-event.js';
import type { NewSession, Session } from '../stores/refresh-token-store.js';
import { keptUserAgent } from '../utils/user-agent.js';
import type { SessionConfig } from './session-config.js';
import type { Proof } from './proof.js';

/** Whose session begins, and how. */
interface Beginning extends Proof {
  userId: string;
  sessionId: string;
  origin: RequestOrigin;
  remember: boolean;
}

/** A session that begins now. @param now milliseconds since 1970 */
export function newSessionOf(
  { refreshToken, storeUserAgent }: Pick<SessionConfig, 'refreshToken' | 'storeUserAgent'>,
  { userId, sessionId, origin, remember, authTime, amr }: Beginning,
  now: number,
): NewSession {
  const lifetimeSeconds = Math.min(refreshToken.expiresInSeconds, refreshToken.maxLifetimeSeconds);
  return {
    userId,
    sessionId,
    createdAt: new Date(now),
    // Where another clock is ahead, the login is not younger than now.
    authTime: new Date(Math.min(authTime?.getTime() ?? now, now)),
    ...(amr && { amr }),
    expiresAt: new Date(now + lifetimeSeconds * 1000),
    remember,
    ip: origin.ip,
    userAgent: keptUserAgent(origin.userAgent, storeUserAgent),
  };
}

/** As the store has it: its first tokens have generation 1 and were issued when it began. */
export function asStored(session: NewSession): Session {
  return { ...session, generation: 0, rotatedAt: session.createdAt };
}
