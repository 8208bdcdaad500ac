/** Rejects as soon as the signal is aborted, as `fetch` does. What was awaited goes on. */
export function unlessAborted(awaited: Promise<void>, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    // React Native's signals have no reason.
    const abort = () => {
      const error = Object.assign(new Error('Aborted'), { name: 'AbortError' });
      reject((signal?.reason ?? error) as Error);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    const stop = () => signal?.removeEventListener('abort', abort);
    awaited.finally(stop).then(resolve, reject);
  });
}
