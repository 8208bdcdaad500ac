import type { Request } from 'express';
import type { RequestOrigin } from '../events/auth-events.js';
import { printable } from '../utils/printable.js';

/** The longest address, of IPv6 with a zone, has about 60 characters. */
const MAX_IP = 64;
/** A browser's own is about 111 characters long; the rest is somebody filling the store. */
const MAX_USER_AGENT = 512;

/**
 * Where a request comes from, fit for a log: behind a trusted proxy `req.ip` may be any text. To be asked before anything is
 * awaited: a connection that the client has broken off has no address.
 */
export function originOf({ ip, headers }: Pick<Request, 'ip' | 'headers'>): RequestOrigin {
  const userAgent = headers['user-agent'];
  return {
    ip: ip === undefined ? undefined : printable(ip, MAX_IP),
    userAgent: userAgent === undefined ? undefined : printable(userAgent, MAX_USER_AGENT),
  };
}
