import type { RequestHandler } from 'express';
import { AuthError } from '../errors.js';
import { aroundBody } from '../middleware/around-body.js';
import type { FeatureContext } from './feature.js';

/** How old the proof of a login may be for a change of what logs the user in. */
export const FRESH_SECONDS = 300;

type GuardServices = Pick<FeatureContext, 'config' | 'guard' | 'others' | 'sameSite'>;

/**
 * What a change of the user's factors needs: a login younger than 5 minutes, by a factor where `secondFactor` is on and the user has one.
 * @param validate what validates the body
 */
export function freshFactorGuards(services: GuardServices, validate: RequestHandler): RequestHandler[] {
  const { others } = services;
  const provedByFactor: RequestHandler = async (req, _res, next) => {
    await others.factorRules()?.assertProvedByFactor(req.user as Express.User);
    next();
  };
  return aroundBody([...freshLogin(services), provedByFactor], validate);
}

/** The same for a request that asks later whether the login was by a factor: it may finish the enrolment of the first one. */
export function freshLoginGuards(services: GuardServices, validate: RequestHandler): RequestHandler[] {
  return aroundBody(freshLogin(services), validate);
}

function freshLogin({ config, guard, others, sameSite }: GuardServices): RequestHandler[] {
  const isFresh: RequestHandler = async (req, _res, next) => {
    const { id, authTime } = req.user as Express.User;
    if (config.now() - authTime.getTime() >= FRESH_SECONDS * 1000)
      throw proofNeeded((await others.factorRules()?.hasFactor(id)) ?? false);
    next();
  };
  // Anyone who changes the factors can take over the account, so a session that has just ended may not.
  return [sameSite, guard({ checkSession: true, beforeEnrolment: true }), isFresh];
}

/** The challenge says all that the new proof must be like, not only what this one lacks (RFC 9470 §3). */
export function proofNeeded(byFactor: boolean): AuthError {
  return new AuthError('REAUTHENTICATION_REQUIRED', {
    maxAgeSeconds: FRESH_SECONDS,
    ...(byFactor && { acrValues: ['mfa'] }),
  });
}
