import { randomBytes, randomUUID } from 'node:crypto';
import type { NewSession, RefreshTokenStore, RotateRequest } from '../stores/refresh-token-store.js';

export const HOUR = 60 * 60;
export const REUSE_WINDOW = 30;

export function newSession(members: Partial<NewSession> = {}): NewSession {
  const now = Date.now();
  return {
    userId: randomUUID(),
    sessionId: randomBytes(16).toString('base64url'),
    createdAt: new Date(now),
    authTime: new Date(now - 5000),
    expiresAt: new Date(now + HOUR * 1000),
    remember: false,
    ip: '192.0.2.1',
    userAgent: 'Browser/1.0',
    ...members,
  };
}

export async function started(
  store: RefreshTokenStore,
  members: Partial<NewSession> = {},
): Promise<NewSession> {
  const session = newSession(members);
  await store.create(session);
  return session;
}

export function request(
  session: NewSession,
  generation: number,
  members: Partial<RotateRequest> = {},
): RotateRequest {
  return {
    userId: session.userId,
    sessionId: session.sessionId,
    generation,
    expiresInSeconds: 3 * HOUR,
    maxLifetimeSeconds: 30 * 24 * HOUR,
    reuseWindowSeconds: REUSE_WINDOW,
    ...members,
  };
}
