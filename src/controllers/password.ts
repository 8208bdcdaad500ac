import { promisify } from 'node:util';
import type { Request, RequestHandler } from 'express';
import { changePassword, repeatedChange, type ChangePasswordServices } from '../accounts/change-password.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import {
  createAuthenticateRequest,
  transportOf,
  type AccessTokenPlaces,
} from '../http/authenticate-request.js';
import type { BodyRequest, BodySchemas } from '../http/body-schemas.js';
import type { SiteConfig } from '../http/cross-site.js';
import { idempotencyKey } from '../http/idempotency-key.js';
import { isGoneOf, originOf } from '../http/request-origin.js';
import type { TextsFor } from '../http/texts-for.js';
import { inSequence } from '../middleware/express-gaps.js';
import { parseBody } from '../middleware/parse-body.js';
import { validateBody } from '../middleware/validate-body.js';
import type { AccessTokens } from '../sessions/access-tokens.js';
import type { IssuedTokens } from '../sessions/issue-tokens.js';
import type { Transport } from '../tokens/transport.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';

export interface PasswordServices extends ChangePasswordServices {
  config: ChangePasswordServices['config'] & DeliveryConfig & AccessTokenPlaces;
  textsFor: TextsFor;
}

/** Changes the password. The tokens of the new session leave the way the access token came. */
export function createPassword(services: PasswordServices): RequestHandler {
  const { config } = services;
  return async function password(req: BodyRequest<'password'>, res: AnswerResponse<'password'>) {
    const transport = transportOf(req as Request, config);
    answer(services, req as Request, res, await changeByRequest(services, req, transport));
  };
}

export interface RepeatedPasswordServices extends PasswordServices {
  accessTokens: Pick<AccessTokens, 'verify'>;
  config: PasswordServices['config'] & SiteConfig;
  bodies: BodySchemas;
}

/**
 * Answers a change that is sent again with its `Idempotency-Key`, because the answer got lost, as the first time. Every other
 * request goes on to the guard, which knows that the session has ended.
 */
export function createRepeatedPassword(services: RepeatedPasswordServices): RequestHandler {
  const { accessTokens, bodies, config } = services;
  // Reads who asks, whether or not the session has ended. The new session and the new password are the proof.
  const authenticate = createAuthenticateRequest(config, {
    verify: (token) => accessTokens.verify(token),
    isRevoked: () => false,
  });
  const readBody = inSequence([parseBody, validateBody(bodies.password)]);
  return async function repeatedPassword(req, res: AnswerResponse<'password'>, next) {
    if (req.headers['idempotency-key'] === undefined) {
      next();
      return;
    }
    let user: Express.User;
    try {
      user = authenticate(req);
    } catch {
      next();
      return;
    }
    const attempt = idempotencyKey(req) as string;
    const owner = { userId: user.id, sessionId: user.sessionId, ...originOf(req) };
    const find = () => repeatedChange(services, attempt, owner);
    if (!(await find())) {
      next();
      return;
    }
    await promisify((done: (error?: unknown) => void) => readBody(req, res, done))();
    const { newPassword } = (req as BodyRequest<'password'>).body;
    // Once more: a client may hold its body back for minutes, and meanwhile the new session may end.
    const repeated = await find();
    const issued = await repeated?.tokens(newPassword, transportOf(req, config));
    if (issued) answer(services, req, res, issued);
    else next();
  };
}

function answer(
  { config, textsFor }: PasswordServices,
  req: Request,
  res: AnswerResponse<'password'>,
  issued: IssuedTokens,
): void {
  const tokens = deliverTokens(res, issued, transportOf(req, config), config);
  res.json({ message: textsFor(req, res).passwordChanged, ...tokens });
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
  const change = { currentPassword, newPassword, attempt, transport, isGone: isGoneOf(req as Request) };
  return changePassword(services, change, owner);
}
