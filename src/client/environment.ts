/** What the tabs of a browser have, and Node, a worker or React Native may not. Looked up when used, never at import. */
interface Environment {
  localStorage?: SharedStorage;
  navigator?: { locks?: { request<T>(name: string, run: () => Promise<T>): Promise<T> } };
  BroadcastChannel?: new (name: string) => Channel;
  crypto?: { getRandomValues(words: Uint32Array): Uint32Array };
}

export interface SharedStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  /** Node's alone: an open channel holds a process. */
  unref?(): void;
}

export const environment = globalThis as unknown as Environment;

/** Undefined where there is none, or where the user has forbidden it: then merely reading it throws. */
export function findLocalStorage(): SharedStorage | undefined {
  try {
    const { localStorage } = environment;
    return localStorage?.getItem ? localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** `crypto.randomUUID` is missing on pages without https. */
export function randomKey(): string {
  // React Native has no crypto. A key opens nothing by itself, it only goes along with a refresh token: less will do.
  const words = new Uint32Array(4).map(() => Math.random() * 2 ** 32);
  environment.crypto?.getRandomValues(words);
  return words.join('-');
}
