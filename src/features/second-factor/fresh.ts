import type { RequestHandler } from 'express';
import { AuthError } from '../../errors.js';
import type { FactorServices } from './services.js';

const FRESH_SECONDS = 300;

/** What a change of the second factors needs: a login younger than 5 minutes, by a factor where the user has one. */
export function freshGuards(services: FactorServices): RequestHandler[] {
  return [...freshLoginGuards(services), createProvedByFactor(services)];
}

/** The same, where the handler itself asks for the factor. */
export function freshLoginGuards({ guard, sameSite }: FactorServices): RequestHandler[] {
  // Who changes the factors can take over the account, so a session that has just ended may not.
  return [sameSite, guard({ freshWithin: FRESH_SECONDS, checkSession: true, beforeEnrolment: true })];
}

/**
 * Whether the latest proof was by a second factor. After a password that was proved again, `amr` keeps the `mfa` of the login, but a
 * thief who has a session and the password has no factor.
 */
export function isByFactor({ amr = [] }: Pick<Express.User, 'amr'>): boolean {
  const isByPassword = amr.length === 2 && amr.includes('pwd');
  return amr.includes('mfa') && !isByPassword;
}

export function factorNeeded(): AuthError {
  return new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: FRESH_SECONDS, acrValues: ['mfa'] });
}

/** A password alone changes no factor of a user who has one. */
function createProvedByFactor({ factors }: FactorServices): RequestHandler {
  return async function provedByFactor(req, _res, next) {
    const user = req.user as Express.User;
    if (!isByFactor(user) && (await factors.of(user.id)).totp.length > 0) throw factorNeeded();
    next();
  };
}
