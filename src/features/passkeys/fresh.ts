import type { RequestHandler } from 'express';
import { freshLoginGuards } from '../fresh-login.js';
import type { PasskeyServices } from './services.js';

/** What a change of the passkeys needs: a login younger than 5 minutes, by a second factor where the user has one. */
export function freshGuards(services: PasskeyServices): RequestHandler[] {
  const { others } = services;
  const provedByFactor: RequestHandler = async (req, _res, next) => {
    await others.factorRules()?.assertProvedByFactor(req.user as Express.User);
    next();
  };
  return [...freshLoginGuards(services), provedByFactor];
}
