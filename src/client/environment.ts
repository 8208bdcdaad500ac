/** What the tabs of a browser have, and Node, a worker or React Native may not. Looked up when used, never at import. */
interface Environment {
  localStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  navigator?: { locks?: { request<T>(name: string, run: () => Promise<T>): Promise<T> } };
  BroadcastChannel?: new (name: string) => Channel;
  crypto?: { getRandomValues(words: Uint32Array): Uint32Array };
}

export interface Channel {
  onmessage: ((event: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
  /** Node's alone: an open channel holds a process. */
  unref?(): void;
}

export const environment = globalThis as unknown as Environment;

/** Undefined where there is none, or where the user has forbidden it: then merely reading it throws. */
export function findLocalStorage(): Environment['localStorage'] {
  try {
    const { localStorage } = environment;
    return localStorage?.getItem ? localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** `crypto.randomUUID` is missing on pages without https. */
export function randomKey(): string {
  const words = new Uint32Array(4);
  // React Native has no crypto. A key opens nothing by itself, it only goes along with a refresh token: less will do.
  if (environment.crypto) environment.crypto.getRandomValues(words);
  else words.forEach((_, index) => (words[index] = Math.random() * 2 ** 32));
  return words.join('-');
}
