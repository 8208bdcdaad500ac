import type { Request } from 'express';
import { refusedField, validationFailed } from '../errors.js';
import { digestOf } from '../utils/digest.js';

export const IDEMPOTENCY_KEY = /^[!-~]{1,128}$/;

/**
 * Marks the retries of one attempt (draft-ietf-httpapi-idempotency-key-header). Hashed, because it is stored: who reads that must
 * not learn what brings an exchanged token its successor again.
 */
export function idempotencyKey(req: Request): string | undefined {
  const key = req.headers['idempotency-key'] as string | undefined; // Node joins several to one text
  if (key === undefined) return undefined;
  if (IDEMPOTENCY_KEY.test(key)) return digestOf(key).slice(0, 22);
  throw validationFailed(refusedField('Idempotency-Key', { key: 'idempotencyKey', params: {} }));
}
