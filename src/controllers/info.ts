import type { RequestHandler } from 'express';
import type { StoredUser } from '../stores/user-store.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { publicUser } from '../http/token-response.js';

/** Who the token says is there: no store is asked. */
export const check: RequestHandler = function check(req, res: AnswerResponse<'check'>) {
  res.json({ user: req.user as Express.User });
};

/** Who the store says is there: behind a guard that has loaded the user. */
export const info: RequestHandler = function info(req, res: AnswerResponse<'info'>) {
  res.json({ user: publicUser(req.user as unknown as StoredUser) });
};
