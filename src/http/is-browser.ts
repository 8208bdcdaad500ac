import { digestOf } from '../utils/digest.js';

/** Whether the browser with these secrets is the one whose secret has this digest. */
export function isBrowser(secrets: readonly string[], digest: string | undefined): boolean {
  return secrets.some((secret) => digestOf(secret) === digest);
}
