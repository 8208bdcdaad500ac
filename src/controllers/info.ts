import type { RequestHandler } from 'express';
import type { Services } from '../services.js';
import { publicUser } from './token-response.js';
import { AuthError } from '../errors.js';

/** Who the token says is there: no store is asked. */
export const check: RequestHandler = function check(req, res) {
  res.json({ user: req.user });
};

/** Who the store says is there. */
export function createInfo({ config }: Services): RequestHandler {
  return async function info(req, res) {
    const user = await config.users.findById(req.user?.id as string);
    if (!user || user.disabled) throw new AuthError('ACCESS_TOKEN_INVALID');
    res.json({ user: publicUser(user) });
  };
}
