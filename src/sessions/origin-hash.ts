import { createHmac, type KeyObject } from 'node:crypto';
import type { RequestOrigin } from '../events/auth-event.js';
import { addressGroup } from '../utils/address-group.js';

/** 48 bits. Only a few origins of one session are ever compared. */
const CHARACTERS = 8;

/**
 * Where a refresh comes from, to compare with the next one. Keyed, and another one in each session: a reader of the store can
 * neither find an address by trying all of them nor see which sessions share one.
 * @returns undefined for server code that knows neither address nor user agent
 */
export function originHash(
  key: KeyObject,
  sessionId: string,
  { ip, userAgent }: RequestOrigin,
): string | undefined {
  if (ip === undefined && userAgent === undefined) return undefined;
  const content = ['passport-visa origin', sessionId, addressGroup(ip), userAgent ?? ''].join('\n');
  return createHmac('sha256', key).update(content).digest('base64url').slice(0, CHARACTERS);
}
