/**
 * What was thrown, as Express must get it. It takes a falsy error for none, and `'route'` and `'router'` for commands: a rejection
 * without a reason would let a refused request pass.
 */
export function asError(thrown: unknown): unknown {
  const isError = Boolean(thrown) && thrown !== 'route' && thrown !== 'router';
  return isError ? thrown : new Error('Rejected without an error', { cause: thrown });
}
