import type { RequestHandler } from 'express';
import type { PasskeyServices } from './services.js';

const FRESH_SECONDS = 300;

/** What a change of the passkeys needs: a login younger than 5 minutes, by a second factor where the user has one. */
export function freshGuards(services: PasskeyServices): RequestHandler[] {
  const { others } = services;
  const provedByFactor: RequestHandler = async (req, _res, next) => {
    await others.factorRules()?.beforeRemoving(req.user as Express.User);
    next();
  };
  return [...freshLoginGuards(services), provedByFactor];
}

/** The same, where the handler itself asks for the factor. */
export function freshLoginGuards({ guard, sameSite }: PasskeyServices): RequestHandler[] {
  // Who changes the passkeys can take over the account, so a session that has just ended may not.
  return [sameSite, guard({ freshWithin: FRESH_SECONDS, checkSession: true, beforeEnrolment: true })];
}
