import type { RequestHandler } from 'express';
import { originOf } from '../http/request-origin.js';
import type { AttemptLimits } from '../limits/attempt-limits.js';
import { asError } from '../utils/as-error.js';
import { catchingNext } from '../utils/call-catching.js';

/** Counts every registration of an address, whatever comes of it. */
export function createLimitRegistrations(limits: Pick<AttemptLimits, 'registration'>): RequestHandler {
  return function limitRegistrations(req, _res, next) {
    const proceed = catchingNext(next);
    limits.registration(originOf(req)).then(
      () => proceed(),
      (error: unknown) => proceed(asError(error)),
    );
  };
}
