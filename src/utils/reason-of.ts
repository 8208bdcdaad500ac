/**
 * Why a server can't be used, in the words of the error that caused it.
 * @param saysLittle whether the cause of an error says more than the error. Default: yes
 */
export function reasonOf(error: unknown, saysLittle: (error: Error) => boolean = () => true): string {
  // Attempts over IPv6 and IPv4 fail together in one error without a message.
  if (error instanceof AggregateError && error.errors.length > 0)
    return reasonOf(error.errors[0], saysLittle);
  if (!(error instanceof Error)) return withoutCredentials(String(error));
  if (error.cause !== undefined && saysLittle(error)) return reasonOf(error.cause, saysLittle);
  return withoutCredentials(error.message || (error as NodeJS.ErrnoException).code || error.name);
}

/** Removes user and password from every URL in the text. We know of no library that quotes them; this covers one that does. */
export function withoutCredentials(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+]*:\/\/)[^\s/]*@/gi, '$1');
}
