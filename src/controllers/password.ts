import type { Request, RequestHandler } from 'express';
import { changePassword, type ChangePasswordServices } from '../accounts/change-password.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import { extractAccessTokens, type AccessTokenPlaces } from '../http/authenticate-request.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { idempotencyKey } from '../http/idempotency-key.js';
import { originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Transport } from '../tokens/transport.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';

export interface PasswordServices extends ChangePasswordServices {
  config: ChangePasswordServices['config'] & DeliveryConfig & AccessTokenPlaces;
  textsFor: TextsFor;
}

/** Changes the password. The next pair of tokens leaves the way the access token came. */
export function createPassword(services: PasswordServices): RequestHandler {
  const { config, textsFor } = services;
  return async function password(req: BodyRequest<'password'>, res: AnswerResponse<'password'>) {
    const cameBy = extractAccessTokens(req as Request, config)[0]?.from;
    const transport = cameBy === 'header' ? 'body' : 'cookie';
    const issued = await changeByRequest(services, req, transport);
    const tokens = deliverTokens(res, issued, transport, config);
    res.json({ message: textsFor(req as Request, res).passwordChanged, ...tokens });
  };
}

/** Changes the password of the user who is logged in. */
export function changeByRequest(
  services: Omit<PasswordServices, 'textsFor'>,
  req: BodyRequest<'password'>,
  transport: Transport,
): Promise<IssuedTokens> {
  const { id, sessionId } = req.user as Express.User;
  const { currentPassword, newPassword } = req.body;
  const owner = { userId: id, sessionId, ...originOf(req) };
  const attempt = idempotencyKey(req as Request);
  return changePassword(services, { currentPassword, newPassword, attempt, transport }, owner);
}
