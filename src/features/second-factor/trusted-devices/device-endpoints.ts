import type { Request, RequestHandler } from 'express';
import { AuthError } from '../../../errors.js';
import type { Endpoint } from '../../../http/endpoint.js';
import { BODY_FAILURES, GUARD_FAILURES } from '../../../http/operation.js';
import { aroundBody } from '../../../middleware/around-body.js';
import { validateBody } from '../../../middleware/validate-body.js';
import { askerOf } from '../../asker.js';
import { ownUser } from '../../own-user.js';
import { type FactorServices } from '../services.js';
import { deviceAnswers } from './device-answers.js';
import { trustedOf, type TrustedDevice, type TrustedDevices } from './trusted-devices.js';

/** A digest of a secret. The store need not be asked for another one (and PostgreSQL refuses NUL). */
const DEVICE_ID = /^[\w-]{43}$/;

/** GET /trusted-devices, DELETE /trusted-devices, DELETE /trusted-devices/:id */
export function deviceEndpoints(services: FactorServices, devices: TrustedDevices): Endpoint[] {
  return [listEndpoint(services, devices), endAllEndpoint(services, devices), endEndpoint(services, devices)];
}

/** The user's devices that are still trusted. @throws AuthError ACCESS_TOKEN_INVALID for a user who is gone */
async function devicesOf({ config, factors }: FactorServices, userId: string): Promise<TrustedDevice[]> {
  const user = await ownUser(config.users, userId);
  await config.timeKnown();
  const { all, devices } = await factors.of(userId);
  return trustedOf(devices, { user, all, now: config.now() });
}

function listEndpoint(services: FactorServices, { cookie }: TrustedDevices): Endpoint {
  const list: RequestHandler = async (req, res) => {
    const own = cookie.idsIn(req);
    const devices = await devicesOf(services, (req.user as Express.User).id);
    res.json({
      devices: devices.map(({ id, createdAt, data: { name, expiresAt } }) => ({
        id,
        current: own.includes(id),
        name,
        createdAt,
        expiresAt: new Date(expiresAt),
      })),
    });
  };
  return {
    verb: 'get',
    path: '/trusted-devices',
    chain: [services.guard(), list],
    operation: {
      id: 'listTrustedDevices',
      tag: 'Account',
      summary: 'List the browsers that need no second factor',
      description: 'A trusted device skips the second factor, never the password, until it expires.',
      needs: 'access token',
      success: { text: 'The trusted devices.', answer: () => deviceAnswers().listDevices },
      failures: [...GUARD_FAILURES, 'SERVICE_UNAVAILABLE'],
    },
  };
}

function endAllEndpoint(services: FactorServices, devices: TrustedDevices): Endpoint {
  const { bodies, events, guard, sameSite } = services;
  const endAll: RequestHandler = async (req, res) => {
    const { origin } = askerOf(services, req);
    const { id: userId, sessionId } = req.user as Express.User;
    const trusted = await devicesOf(services, userId);
    await services.endDevices(userId);
    devices.cookie.clear(res);
    if (trusted.length > 0)
      events.announce('deviceEnded', () => ({
        userId,
        sessionId,
        deviceIds: trusted.map(({ id }) => id),
        ...origin,
      }));
    res.json({ ended: trusted.length });
  };
  return {
    verb: 'delete',
    path: '/trusted-devices',
    chain: [sameSite, ...aroundBody([guard()], validateBody(bodies.none)), endAll],
    operation: {
      id: 'endTrustedDevices',
      tag: 'Account',
      summary: 'Ask for the second factor in every browser again',
      description: 'Ends all trusted devices of the user. No session ends.',
      needs: 'access token',
      success: { text: 'No device is trusted.', answer: () => deviceAnswers().endDevices },
      cookies: { always: false, text: 'The cookie of the trusted device, cleared.' },
      failures: [...GUARD_FAILURES, ...BODY_FAILURES, 'CROSS_SITE_REQUEST', 'SERVICE_UNAVAILABLE'],
    },
  };
}

function endEndpoint(services: FactorServices, devices: TrustedDevices): Endpoint {
  const { bodies, events, guard, sameSite } = services;
  return {
    verb: 'delete',
    path: '/trusted-devices/:id',
    chain: [
      sameSite,
      ...aroundBody([guard()], validateBody(bodies.none)),
      async (req: Request<{ id: string }>, res) => {
        const { origin } = askerOf(services, req);
        const { id: userId, sessionId } = req.user as Express.User;
        const { id } = req.params;
        if (!DEVICE_ID.test(id) || !(await devices.end(userId, id))) throw new AuthError('DEVICE_NOT_FOUND');
        if (devices.cookie.idsIn(req).includes(id)) devices.cookie.clear(res);
        events.announce('deviceEnded', () => ({ userId, sessionId, deviceIds: [id], ...origin }));
        res.status(204).end();
      },
    ],
    operation: {
      id: 'endTrustedDevice',
      tag: 'Account',
      summary: 'Ask for the second factor in one browser again',
      description: "Ends one of the user's trusted devices. No session ends.",
      needs: 'access token',
      parameters: {
        id: {
          description: 'The `id` of a trusted device, as the list has it.',
          example: 'R3b9vJ0hVtq2K1mXw8ZsYcN5uLfA7eDgP4iTj6oQkWx',
        },
      },
      success: { text: 'The device is trusted no more.' },
      cookies: {
        always: false,
        text: 'The cookie of the trusted device, cleared, where it was this browser.',
      },
      failures: [
        ...GUARD_FAILURES,
        ...BODY_FAILURES,
        'DEVICE_NOT_FOUND',
        'CROSS_SITE_REQUEST',
        'SERVICE_UNAVAILABLE',
      ],
    },
  };
}
