import type { RequestHandler, Response } from 'express';
import { loginAnswer } from '../../../controllers/login-answer.js';
import { startByRequest } from '../../../controllers/start-session.js';
import { answerSchemas } from '../../../http/answer-schemas.js';
import { component } from '../../../http/component.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES } from '../../../http/operation.js';
import { parseBody } from '../../../middleware/parse-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import type { StoredUser } from '../../../stores/user-store.js';
import { digestOf } from '../../../utils/digest.js';
import { answerOf, answerSchema, challengeField, trustDeviceField } from '../fields.js';
import { askerOf, type Asker, type FactorServices } from '../services.js';
import { PassedFactor } from '../session-check.js';
import { proveSecondStep, type ShownSecrets } from './second-step.js';

/** POST /login/second-factor */
export function secondStepEndpoint(services: FactorServices): Endpoint {
  const members = {
    challenge: challengeField,
    ...(services.devices && { trustDevice: trustDeviceField }),
  };
  const body = component('AuthSecondFactorRequest', answerSchema(members));
  return {
    verb: 'post',
    path: '/login/second-factor',
    chain: [services.sameSite, parseBody, validateBody(body), createSecondStep(services)],
    operation: {
      id: 'loginSecondFactor',
      tag: 'Login',
      summary: 'Make the second step of a login',
      description:
        'After a login that was answered with `SECOND_FACTOR_REQUIRED`, within 5 minutes, in the browser that made it or with its ' +
        '`challenge`. Send a `code` of the authenticator app or a `recoveryCode`. Each is good once. After 5 wrong ones the login ' +
        'has to begin again.',
      needs: 'nothing',
      body: { schema: body, required: true },
      success: { text: 'The user is logged in.', answer: () => answerSchemas().login },
      cookies: {
        always: false,
        text: 'Both token cookies, unless the login was begun with `transport: "body"`; with `trustDevice` one more.',
      },
      failures: [
        ...BODY_FAILURES,
        'FLOW_STATE_INVALID',
        'INVALID_SECOND_FACTOR',
        'INVALID_CREDENTIALS',
        'TOO_MANY_ATTEMPTS',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}

interface SecondStepBody {
  code?: string | undefined;
  recoveryCode?: string | undefined;
  challenge?: string | undefined;
  trustDevice?: boolean | undefined;
}

function createSecondStep(services: FactorServices): RequestHandler {
  const { browser, textsFor } = services;
  return async function secondStep(req, res) {
    const asker = askerOf(services, req);
    const { challenge: sent, trustDevice = false, ...answer } = req.body as SecondStepBody;
    const shown: ShownSecrets =
      sent === undefined
        ? { transport: 'cookie', secrets: browser.read(req) }
        : { transport: 'body', secrets: [sent] };
    const { user, challenge, factor } = await proveSecondStep(services, answerOf(answer), shown, asker);
    const { transport, remember, amr, authTime } = challenge;
    // Before the session begins: an outage here leaves the challenge and the code usable.
    const keepTrust = trustDevice && transport === 'cookie' ? await trust(services, user, asker) : undefined;
    const { issued, inBody } = await startByRequest(services, user, {
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
    keepTrust?.(res, issued.session.sessionId);
    res.json(loginAnswer(textsFor(req, res).loginSuccessful, issued, inBody));
  };
}

/** Stores the trust. @returns a function that hands it to the browser, once it is logged in */
async function trust(
  { config, devices, events, factors }: FactorServices,
  user: StoredUser,
  { origin }: Asker,
): Promise<((res: Response, sessionId: string) => void) | undefined> {
  if (!devices) return undefined;
  await config.timeKnown();
  const { devices: stored, totp } = await factors.of(user.id);
  const secret = await devices.trust(stored, { user, totp, now: config.now() }, origin.userAgent);
  return (res, sessionId) => {
    devices.cookie.keep(res, secret, devices.seconds);
    const deviceId = digestOf(secret);
    events.announce('deviceTrusted', () => ({ userId: user.id, sessionId, deviceId, ...origin }));
  };
}
