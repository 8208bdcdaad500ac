import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import type { AnswerResponse } from '../http/answer-schemas.js';
import type { BodyRequest } from '../http/body-schemas.js';
import { clearTokenCookies, readCookies } from '../http/cookies.js';
import { idempotencyKey } from '../http/idempotency-key.js';
import { lazyOriginOf } from '../http/request-origin.js';
import { sendUncachedJson } from '../http/send-uncached-json.js';
import type { TextsFor } from '../http/texts-for.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';
import type { Sessions } from '../sessions/sessions.js';

export interface RefreshServices {
  config: DeliveryConfig;
  sessions: Pick<Sessions, 'refresh'>;
  textsFor: TextsFor;
}

/** Exchanges the refresh token for the next pair, which leaves the way the old one came. */
export function createRefresh({ config, sessions, textsFor }: RefreshServices): RequestHandler {
  return async function refresh(req: BodyRequest<'refresh'>, res: AnswerResponse<'refresh'>) {
    const attempt = idempotencyKey(req);
    const inBody = req.body.refreshToken || undefined;
    const presented = inBody ?? readCookies(req, config.cookies.refreshName);
    if (presented.length === 0) throw new AuthError('NO_REFRESH_TOKEN');
    const transport = inBody === undefined ? 'cookie' : 'body';
    try {
      const issued = await sessions.refresh(presented, { attempt, origin: lazyOriginOf(req), transport });
      const tokens = deliverTokens(res, issued, transport, config);
      const message = textsFor(req, res).tokenRefreshed;
      sendUncachedJson(res, tokens ? { message, ...tokens } : { message });
    } catch (error) {
      // A refused token will never be good again, so its cookies go. After an outage it is as good as before.
      if (error instanceof AuthError && error.status === 401) clearTokenCookies(res, config.cookies);
      throw error;
    }
  };
}
