/**
 * Resolves or rejects as the promise does, in the time that it has.
 * @param tooLate makes the error for a promise that takes longer
 */
export async function withinTime<T>(
  promise: PromiseLike<T>,
  timeoutMs: number,
  tooLate: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(tooLate()), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
