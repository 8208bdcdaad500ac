/** Rejects as soon as the signal is aborted, as `fetch` does. What was awaited goes on. */
export function unlessAborted<T>(awaited: Promise<T>, signal: AbortSignal | null | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    // React Native's signals have no reason.
    const abort = () =>
      reject((signal?.reason ?? Object.assign(new Error('Aborted'), { name: 'AbortError' })) as Error);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    awaited.finally(() => signal?.removeEventListener('abort', abort)).then(resolve, reject);
  });
}
