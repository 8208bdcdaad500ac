import type { Request } from 'express';
import type { RequestOrigin } from '../events.js';
import type { Services } from '../services.js';
import { readCookie } from '../utils/cookies.js';
import type { Transport } from './body-schemas.js';

/**
 * Ends the session whose cookies a login is about to replace (ASVS 5.0 §7.2.4). Nobody else would: its user has no tokens of it
 * any more, so that a thief's copy would never be found out by its reuse.
 */
export async function endReplacedSession(
  { config: { cookies }, sessions }: Pick<Services, 'config' | 'sessions'>,
  req: Request,
  transport: Transport,
  origin: RequestOrigin,
): Promise<void> {
  if (transport === 'body') return;
  const refreshToken = readCookie(req, cookies.refreshName);
  await sessions.endByTokens(refreshToken, readCookie(req, cookies.accessName), origin, 'new-login');
}
