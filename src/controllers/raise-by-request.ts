import type { Request, Response } from 'express';
import { AuthError } from '../errors.js';
import type { RequestOrigin } from '../events/auth-event.js';
import { transportOf, type AccessTokenPlaces } from '../http/authenticate-request.js';
import { deliverTokens, type DeliveryConfig } from '../http/token-response.js';
import { en } from '../messages/en.js';
import { createVerify, type VerifyServices } from '../middleware/verify.js';
import type { Proof } from '../sessions/proof.js';
import type { Sessions } from '../sessions/sessions.js';
import type { StartedSession } from './start-session.js';

export interface RaiseServices extends VerifyServices {
  config: VerifyServices['config'] & DeliveryConfig & AccessTokenPlaces;
  sessions: VerifyServices['sessions'] & Pick<Sessions, 'raiseOrJoin' | 'findUser' | 'assertRaises'>;
}

/** A proof of the user, and the request that brings it. */
interface ProvedRequest extends Proof {
  req: Request;
  res: Response;
  /** Read before anything was awaited. */
  origin: RequestOrigin;
  /** Of the user who has been proved: as a text, and as the strategy gave it. */
  userId: string;
  id: unknown;
}

/**
 * Raises the session of a request, whose user a strategy has proved again. The tokens leave the way the access token came.
 * @throws AuthError as a guard; INVALID_CREDENTIALS for another user than the one who is logged in. Nothing has changed then
 */
export type RaiseByRequest = (proved: ProvedRequest) => Promise<StartedSession>;

/** @param caller the option that needs it, for the TypeError where the store can't raise sessions */
export function createRaiseByRequest(services: RaiseServices, caller: string): RaiseByRequest {
  const { config, sessions } = services;
  sessions.assertRaises(caller);
  const verify = createVerify(services);
  return async function raiseByRequest({ req, res, origin, userId, id, amr, authTime }) {
    const transport = transportOf(req, config);
    const { id: ownId, sessionId } = await verify(req, { checkSession: true });
    const user = await sessions.findUser(userId, id, origin);
    if (user.id !== ownId) throw refused(services, { userId: ownId, sessionId }, origin);
    const session = await sessions.find(ownId, sessionId);
    if (!session) throw new AuthError('SESSION_REVOKED');
    const issued = await sessions.raiseOrJoin(user, session, { amr, authTime, transport, origin });
    return { issued, inBody: deliverTokens(res, issued, transport, config) };
  };
}

function refused(
  { events }: RaiseServices,
  of: { userId: string; sessionId: string },
  origin: RequestOrigin,
): AuthError {
  events.announce('reauthenticateFailed', () => ({ ...of, code: 'INVALID_CREDENTIALS', ...origin }));
  return new AuthError('INVALID_CREDENTIALS', { text: { key: 'anotherUser', english: en.anotherUser } });
}
