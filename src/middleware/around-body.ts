import type { RequestHandler } from 'express';
import { parseBody } from './parse-body.js';

/**
 * Guards, and what reads the body between them. A client may hold its body back for minutes. Meanwhile the session may end, the login may
 * grow too old, or the user may add a first factor: so the guards ask again when the body is there. They come before it too, because only
 * those who may do this have their bodies read.
 * @param validate what validates the body
 */
export function aroundBody(guards: readonly RequestHandler[], validate: RequestHandler): RequestHandler[] {
  return [...guards, parseBody, validate, ...guards];
}
