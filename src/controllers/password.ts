import type { RequestHandler } from 'express';
import { changePassword, type ChangePasswordServices } from '../accounts/change-password.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { extractAccessTokens } from '../http/authenticate-request.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { idempotencyKey } from '../http/idempotency-key.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';

export interface PasswordServices extends ChangePasswordServices {
  config: ChangePasswordServices['config'] & DeliveryConfig;
  textsFor: TextsFor;
}

/** Changes the password. The next pair of tokens leaves the way the access token came. */
export function createPassword(services: PasswordServices): RequestHandler {
  const { config, textsFor } = services;
  return async function password(req: BodyRequest<'password'>, res: AnswerResponse<'password'>) {
    const { id, sessionId } = req.user as Express.User;
    const owner = { userId: id, sessionId, ...originOf(req) };
    const attempt = idempotencyKey(req);
    const cameBy = extractAccessTokens(req, config.cookies.accessName)[0]?.from;
    const transport = cameBy === 'header' ? 'body' : 'cookie';
    const issued = await changePassword(services, { ...req.body, attempt, transport }, owner);
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: textsFor(req, res).passwordChanged, ...tokens });
  };
}
