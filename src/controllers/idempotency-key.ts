import type { Request } from 'express';
import { refusedField, validationFailed } from '../errors.js';

export const IDEMPOTENCY_KEY = /^[!-~]{1,128}$/;

/** Marks the retries of one attempt (draft-ietf-httpapi-idempotency-key-header). */
export function idempotencyKey(req: Request): string | undefined {
  const key = req.headers['idempotency-key'] as string | undefined; // Node joins several to one text
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw validationFailed(refusedField('Idempotency-Key', { key: 'idempotencyKey', params: {} }));
}
