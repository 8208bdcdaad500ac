/** What the tabs of a browser have, and Node, a worker or React Native may not. Looked up when used, never at import. */
interface Environment {
  localStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void };
  navigator?: { locks?: { request<T>(name: string, run: () => Promise<T>): Promise<T> } };
  BroadcastChannel?: new (name: string) => Channel;
  crypto?: { getRandomValues(bytes: Uint8Array): Uint8Array };
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
    return environment.localStorage?.getItem ? environment.localStorage : undefined;
  } catch {
    return undefined;
  }
}

/** `crypto.randomUUID` is missing on pages without https. */
export function randomKey(): string {
  const bytes = new Uint8Array(16);
  // React Native has no crypto. A key opens nothing by itself, it only goes along with a refresh token: less will do.
  if (environment.crypto) environment.crypto.getRandomValues(bytes);
  else bytes.forEach((_, index) => (bytes[index] = Math.random() * 256));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
