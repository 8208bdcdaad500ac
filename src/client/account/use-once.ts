import { environment, findLocalStorage } from '../environment.js';
import { createExclusively, type Exclusively } from '../exclusive.js';
import { createStateStorage } from '../token-storage.js';

/** How long a browser remembers that it has used a link. */
const REMEMBERED_MS = 60 * 60_000;

/** When what is known of a link is forgotten, in milliseconds, by the name of the link. */
type Notes = Record<string, number>;

/**
 * Uses a link once.
 * @param use sends the token. It runs only if this browser hasn't used the link
 * @returns its result; undefined for a link that was used before
 */
export type UseOnce = <T>(path: string, token: string, use: () => Promise<T>) => Promise<T | undefined>;

/**
 * Lets a second click on a link, in this tab or another, end like the first. Links are used one at a time, and the browser keeps a
 * digest of each that succeeded. Pages without HTTPS can't make digests, so they only know what they used themselves.
 */
export function createUseOnce(): UseOnce {
  const subtle = environment.crypto?.subtle;
  const notes = createStateStorage<Notes>('passport-visa:links', subtle && findLocalStorage());
  const turns = new Map<string, Exclusively>();

  async function nameOf(text: string): Promise<string> {
    if (!subtle) return text;
    const digest = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  function readNotes(): Notes {
    return Object.fromEntries(Object.entries(notes.get()).filter(([, until]) => until > Date.now()));
  }

  return async function useOnce(path, token, use) {
    const name = await nameOf(`${path} ${token}`);
    const exclusively = turns.get(name) ?? createExclusively(`passport-visa:link:${name}`, true);
    turns.set(name, exclusively);
    return exclusively(async () => {
      if (Object.hasOwn(readNotes(), name)) return undefined;
      const result = await use();
      notes.set({ ...readNotes(), [name]: Date.now() + REMEMBERED_MS });
      return result;
    });
  };
}
