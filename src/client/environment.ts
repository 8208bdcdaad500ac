/** Globals of a browser tab that Node, a worker or React Native may lack. They are read when used, never at import. */
interface Environment {
  localStorage?: SharedStorage;
  navigator?: { locks?: Locks };
  BroadcastChannel?: new (name: string) => Channel;
  crypto?: {
    getRandomValues(words: Uint32Array): Uint32Array;
    /** Missing on pages without HTTPS. */
    subtle?: { digest(algorithm: string, data: Uint8Array): Promise<ArrayBuffer> };
  };
}

/** Unlike `localStorage`, the browser keeps these for all tabs in one place. */
export interface Locks {
  request<T>(name: string, run: () => Promise<T>): Promise<T>;
  request<T>(
    name: string,
    options: { ifAvailable: true },
    run: (lock: object | null) => Promise<T>,
  ): Promise<T>;
  query(): Promise<{ held?: { name: string }[] }>;
}

export interface SharedStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  /** Only in Node, where an open channel keeps the process running. */
  unref?(): void;
}

export const environment = globalThis as unknown as Environment;

/** Undefined where there is none, or where the user has blocked it. Reading the global throws then. */
export function findLocalStorage(): SharedStorage | undefined {
  try {
    const { localStorage } = environment;
    return localStorage?.getItem ? localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** A random text for one attempt or one login. Not `crypto.randomUUID`, which pages without HTTPS lack. */
export function randomKey(): string {
  // React Native has no crypto. `Math.random` is enough there: the text gives no access without a refresh token.
  const words = new Uint32Array(4).map(() => Math.random() * 2 ** 32);
  environment.crypto?.getRandomValues(words);
  return words.join('-');
}
