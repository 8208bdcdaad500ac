/** Parallel calls with the same path and body share one promise, and send one request. */
export type SharedCalls = <T>(path: string, body: object, run: () => Promise<T>) => Promise<T>;

export function createSharedCalls(): SharedCalls {
  const pending = new Map<string, Promise<unknown>>();
  return function shared<T>(path: string, body: object, run: () => Promise<T>) {
    const key = JSON.stringify([path, body]);
    const running = pending.get(key) ?? run().finally(() => pending.delete(key));
    pending.set(key, running);
    return running as Promise<T>;
  };
}
