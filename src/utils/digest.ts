import { createHash } from 'node:crypto';

/** SHA-256 in base64url, for a value that must be recognised later but not stored. */
export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url');
}
