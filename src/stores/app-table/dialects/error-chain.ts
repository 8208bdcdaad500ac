/** How deep libraries wrap the error of their driver. */
const MAX_DEPTH = 6;

interface WrappedError {
  cause?: unknown;
  /** Prisma. */
  meta?: { driverAdapterError?: unknown } | undefined;
}

/** The error and what it wraps, the outermost first: Drizzle's `cause`, Prisma's `meta.driverAdapterError.cause`. */
export function errorChain(error: unknown): object[] {
  const chain: object[] = [];
  let each = error;
  while (typeof each === 'object' && each !== null && chain.length < MAX_DEPTH) {
    chain.push(each);
    const { cause, meta } = each as WrappedError;
    each = cause ?? meta?.driverAdapterError;
  }
  return chain;
}

/** The first value that a member has in the chain. */
export function memberInChain(chain: readonly object[], names: readonly string[]): unknown {
  for (const each of chain)
    for (const name of names) {
      const value = (each as Record<string, unknown>)[name];
      if (value !== undefined && value !== null && value !== '') return value;
    }
  return undefined;
}
