import type { Request } from 'express';
import type { PresentedTokens, Transport } from '../tokens/transport.js';
import { readCookies, type CookieConfig } from './cookies.js';

/**
 * The cookies that a login is about to replace. Their sessions end with it (ASVS 5.0 §7.2.4), because nothing else would end
 * it: the user no longer has its tokens, so their next refresh can't reveal a thief's copy.
 */
export function replacedTokens(
  req: Request,
  transport: Transport,
  { accessName, refreshName }: Pick<CookieConfig, 'accessName' | 'refreshName'>,
): PresentedTokens | undefined {
  if (transport === 'body') return undefined;
  return { refreshTokens: readCookies(req, refreshName), accessTokens: readCookies(req, accessName) };
}
