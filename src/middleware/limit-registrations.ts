import type { RequestHandler } from 'express';
import { originOf } from '../http/request-origin.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import { asError } from '../utils/as-error.js';

/** Counts every registration of an address, whatever comes of it. */
export function createLimitRegistrations(limits: Pick<AttemptLimits, 'registration'>): RequestHandler {
  return function limitRegistrations(req, _res, next) {
    limits.registration(originOf(req)).then(
      () => next(),
      (error: unknown) => next(asError(error)),
    );
  };
}
