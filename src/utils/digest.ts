import { createHash } from 'node:crypto';

/** SHA-256, base64url: for what must be known again and not kept. */
export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url');
}
