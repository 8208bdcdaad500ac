import { randomBytes } from 'node:crypto';

/** 192 bits: no one finds a secret by trying. */
const SECRET_BYTES = 24;

/** A random secret for a link or a browser: 32 characters of base64url. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}
