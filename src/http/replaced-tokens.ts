import type { Request } from 'express';
import type { AuthConfig } from '../config/auth-config.js';
import type { PresentedTokens } from '../sessions/sessions.js';
import { readCookie } from './cookies.js';
import type { Transport } from './body-schemas.js';

/**
 * The cookies that a login is about to replace. Their session ends with it (ASVS 5.0 §7.2.4). Nobody else would end it: its user
 * has no tokens of it any more, so that a thief's copy would never be found out by its reuse.
 */
export function replacedTokens(
  req: Request,
  transport: Transport,
  { cookies }: AuthConfig,
): PresentedTokens | undefined {
  if (transport === 'body') return undefined;
  return {
    refreshToken: readCookie(req, cookies.refreshName),
    accessToken: readCookie(req, cookies.accessName),
  };
}
