/** Why a server can't be used, in the words of the error that caused it. */
export function reasonOf(error: unknown): string {
  // Attempts over IPv6 and IPv4 fail together in one error without a message.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!(error instanceof Error)) return withoutCredentials(String(error));
  if (error.cause !== undefined) return reasonOf(error.cause);
  return withoutCredentials(error.message || (error as NodeJS.ErrnoException).code || error.name);
}

/** Removes user and password from every URL in the text. We know of no library that quotes them; this covers one that does. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+]*:\/\/)[^\s/]*@/gi, '$1');
}
