import type { Request, Response } from 'express';
import { startByRequest, type StartedSession } from '../../../controllers/start-session.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { askerOf, type Asker } from '../../asker.js';
import { answerOf, type AnswerBody } from '../fields.js';
import { type FactorServices } from '../services.js';
import { PassedFactor } from '../session-check.js';
import { proveSecondStep } from './second-step.js';

interface SecondStepBody extends AnswerBody {
  challenge?: string | undefined;
  trustDevice?: boolean | undefined;
}

/**
 * Judges the second step that a request makes, and starts the session.
 * @throws AuthError as `proveSecondStep`, and as a login
 */
export async function makeSecondStep(
  services: FactorServices,
  req: Request,
  res: Response,
): Promise<StartedSession> {
  const { browser } = services;
  const asker = askerOf(services, req);
  const { challenge: sent, trustDevice = false, ...answer } = req.body as SecondStepBody;
  const shown = browser.shown(req, sent);
  const { user, challenge, factor } = await proveSecondStep(services, answerOf(answer), shown, asker);
  const { transport, remember, amr, authTime } = challenge;
  // Before the session begins: an outage here leaves the challenge and the code usable.
  const keepTrust = trustDevice && transport === 'cookie' ? await trust(services, user, asker) : undefined;
  const started = await startByRequest(services, user, {
    req,
    res,
    origin: asker.origin,
    transport,
    remember,
    amr: [...new Set([...amr, factor.method, 'mfa'])],
    authTime: authTime === undefined ? undefined : new Date(authTime),
    passed: new PassedFactor(challenge, factor.name),
  });
  if (transport === 'cookie') browser.clear(res);
  keepTrust?.(res, started.issued.session.sessionId);
  return started;
}

/** Stores the trust. @returns a function that hands it to the browser, once it is logged in */
async function trust(
  { config, devices, events, factors }: FactorServices,
  user: StoredUser,
  { origin }: Asker,
): Promise<((res: Response, sessionId: string) => void) | undefined> {
  if (!devices) return undefined;
  await config.timeKnown();
  const { all, devices: stored } = await factors.of(user.id);
  const secret = await devices.trust(stored, { user, all, now: config.now() }, origin.userAgent);
  return (res, sessionId) => {
    devices.cookie.keep(res, secret, devices.seconds);
    const deviceId = digestOf(secret);
    events.announce('deviceTrusted', () => ({ userId: user.id, sessionId, deviceId, ...origin }));
  };
}
