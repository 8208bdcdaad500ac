import type { RequestHandler } from 'express';
import type { StoredUser } from '../stores/user-store.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { publicUser } from '../stores/public-user.js';

/** Answers with the user from the token, without a question to the store. */
export const check: RequestHandler = function check(req, res: AnswerResponse<'check'>) {
  res.json({ user: req.user as Express.User });
};

/** Answers with the user from the store, behind a guard that has loaded it. */
export const info: RequestHandler = function info(req, res: AnswerResponse<'info'>) {
  res.json({ user: publicUser(req.user as unknown as StoredUser) });
};
