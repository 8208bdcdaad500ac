import type { Request } from 'express';
import { validationFailed } from '../errors.js';
import { refusedField } from '../messages/rule.js';
import { digestOf } from '../utils/digest.js';

export const IDEMPOTENCY_KEY = /^[!-~]{1,128}$/;

/**
 * Marks the retries of one attempt (draft-ietf-httpapi-idempotency-key-header). Hashed, because it is stored: a reader of the
 * store must not learn the key that makes an exchanged token yield its successor again.
 */
export function idempotencyKey(req: Request): string | undefined {
  return attemptOf(req.headers['idempotency-key'] as string | undefined); // Node joins several to one text
}

/** The same for a key that server code hands over. @throws AuthError VALIDATION_FAILED */
export function attemptOf(key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  if (IDEMPOTENCY_KEY.test(key)) return digestOf(key).slice(0, 22);
  throw validationFailed(refusedField('Idempotency-Key', { key: 'idempotencyKey', params: {} }));
}
