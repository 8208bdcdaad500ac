/**
 * Of the failures of several tokens, the one to report: that of an expired token, which is ours for certain, or else the first. The
 * other may be a neighbour's, and after an expired one a refresh or a login helps.
 */
export function failureToReport(failures: readonly unknown[]): unknown {
  return failures.find(isOfExpired) ?? failures[0];
}

function isOfExpired(failure: unknown): boolean {
  const { code } = (failure ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.endsWith('_EXPIRED');
}
