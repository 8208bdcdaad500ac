/** The innermost reason in words. Errors of several attempts at once (IPv6 and IPv4) have none of their own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return withoutCredentials(String(error));
  if (error.cause instanceof Error) return reasonOf(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  return withoutCredentials(error.message || code || error.name);
}

/** No library is known to quote a URL with its password; one that does must not get through. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+]*:\/\/)[^\s/@]*@/gi, '$1');
}
