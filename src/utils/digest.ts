import { createHash } from 'node:crypto';

/** What a client types is neither kept nor allowed to shape a key. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
