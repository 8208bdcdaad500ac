import type { Request } from 'express';
import { NO_ORIGIN, type LazyOrigin, type RequestOrigin } from '../events/auth-event.js';
import { plainAddress } from '../utils/address.js';
import { printable } from '../utils/printable.js';
import { MAX_USER_AGENT_LENGTH } from '../utils/user-agent.js';

/** The longest address, of IPv6 with a zone, has about 60 characters. */
const MAX_IP = 64;

type OriginRequest = Pick<Request, 'ip' | 'headers'> & Partial<Pick<Request, 'socket'>>;

/**
 * Where a request comes from, safe for a log: behind a trusted proxy `req.ip` may be any text, or have a port. Call it before anything is
 * awaited, because a connection that the client has closed has no address.
 */
export function originOf(req: OriginRequest): RequestOrigin {
  return lazyOriginOf(req)();
}

/**
 * `originOf` for code that seldom needs the origin: only the address of the connection is read now. Call it before anything is
 * awaited, and what it returns whenever you need the origin.
 */
export function lazyOriginOf(req: OriginRequest | undefined): LazyOrigin {
  if (!req) return () => NO_ORIGIN;
  const address = req.socket?.remoteAddress;
  return () => {
    const { headers, ip = address } = req; // a request that never passed through Express has no `ip`
    const userAgent = headers['user-agent'];
    return {
      ip: ip === undefined ? undefined : (plainAddress(ip) ?? printable(ip, MAX_IP)),
      userAgent: userAgent === undefined ? undefined : printable(userAgent, MAX_USER_AGENT_LENGTH),
    };
  };
}

/** Tells whether the client has closed the connection. */
export function isGoneOf({ socket }: OriginRequest): () => boolean {
  return () => socket?.destroyed === true;
}
