import type { RequestHandler } from 'express';
import { AuthError } from '../../errors.js';
import { assertRoom } from '../factor-parts.js';
import type { FactorSet } from '../factor-set.js';
import { FRESH_SECONDS, freshLoginGuards } from '../fresh-login.js';
import type { FactorServices } from './services.js';

/** What a change of the second factors needs: a login younger than 5 minutes, by a factor where the user has one. */
export function freshGuards(services: FactorServices): RequestHandler[] {
  return [...freshLoginGuards(services), createProvedByFactor(services)];
}

/**
 * Whether the latest proof was by a second factor. After a password that was proved again, `amr` keeps the `mfa` of the login, but a
 * thief who has a session and the password has no factor.
 */
function isByFactor({ amr = [] }: Pick<Express.User, 'amr'>): boolean {
  const isByPassword = amr.length === 2 && amr.includes('pwd');
  return amr.includes('mfa') && !isByPassword;
}

/**
 * Whether this login may add a factor: one by a factor, or the first of a user.
 * @throws AuthError REAUTHENTICATION_REQUIRED, TOO_MANY_FACTORS
 */
export function assertMayAdd(owner: Express.User, { factors }: Pick<FactorSet, 'factors'>): void {
  if (factors.length > 0) assertMayChange(owner);
  assertRoom(factors);
}

/** Whether this login may change the factors of a user who has one. @throws AuthError REAUTHENTICATION_REQUIRED */
export function assertMayChange(owner: Express.User): void {
  if (!isByFactor(owner)) throw factorNeeded();
}

function factorNeeded(): AuthError {
  return new AuthError('REAUTHENTICATION_REQUIRED', { maxAgeSeconds: FRESH_SECONDS, acrValues: ['mfa'] });
}

function createProvedByFactor(services: FactorServices): RequestHandler {
  return async function provedByFactor(req, _res, next) {
    await assertProvedByFactor(services, req.user as Express.User);
    next();
  };
}

/** A password alone changes no factor of a user who has one. @throws AuthError REAUTHENTICATION_REQUIRED */
export async function assertProvedByFactor(
  { factors }: Pick<FactorServices, 'factors'>,
  user: Express.User,
): Promise<void> {
  if (!isByFactor(user) && (await factors.of(user.id)).all.length > 0) throw factorNeeded();
}
