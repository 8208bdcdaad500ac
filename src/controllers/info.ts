import type { RequestHandler } from 'express';
import type { StoredUser } from '../stores/user-store.js';
import { publicUser } from './token-response.js';

/** Who the token says is there: no store is asked. */
export const check: RequestHandler = function check(req, res) {
  res.json({ user: req.user });
};

/** Who the store says is there: behind a guard that has loaded the user. */
export const info: RequestHandler = function info(req, res) {
  res.json({ user: publicUser(req.user as unknown as StoredUser) });
};
