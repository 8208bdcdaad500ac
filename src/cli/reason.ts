import { AuthError } from '../errors.js';

/** What is wrong, in words. Errors of several attempts at once (IPv6 and IPv4) have none of their own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return withoutCredentials(String(error));
  // What clients are told is less than what whoever runs the server wants to know.
  if (error instanceof AuthError && error.cause) return reasonOf(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  return withoutCredentials(error.message || code || error.name);
}

/** No library is known to quote a URL with its password; one that does must not get through. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+]*:\/\/)[^\s/]*@/gi, '$1');
}
