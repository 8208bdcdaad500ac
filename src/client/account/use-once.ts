import { environment, findLocalStorage } from '../environment.js';
import { createExclusively } from '../exclusive.js';
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
 *
 * Browsers hand over a lock sooner than they show other tabs what was written to `localStorage`. The tab that comes next could miss the
 * note, so the tab that used the link also holds a lock with the note as its name, until it is closed.
 */
export function createUseOnce(): UseOnce {
  const subtle = environment.crypto?.subtle;
  const shared = subtle && findLocalStorage();
  const locks = shared && environment.navigator?.locks;
  const notes = createStateStorage<Notes>('passport-visa:links', shared);
  const exclusively = createExclusively('passport-visa:links', true);

  async function nameOf(text: string): Promise<string> {
    if (!subtle) return text;
    const digest = new Uint8Array(await subtle.digest('SHA-256', new TextEncoder().encode(text)));
    return digest.reduce((hex, byte) => hex + (byte + 256).toString(16).slice(1), '');
  }

  async function isUsed(name: string): Promise<boolean | undefined> {
    const locked = await locks?.query();
    return (
      isToCome(notes.get()[name]) || locked?.held?.some((lock) => isToCome(lock.name.split(`${name} `)[1]))
    );
  }

  function remember(name: string): void {
    const current = Object.entries(notes.get()).filter(([, until]) => isToCome(until));
    const until = Date.now() + REMEMBERED_MS;
    notes.set({ ...Object.fromEntries(current), [name]: until });
    // Asked for within the turn, so the browser grants it before the next turn begins.
    void locks?.request(`passport-visa:links ${name} ${until}`, () => new Promise(() => undefined));
  }

  return function useOnce(path, token, use) {
    return exclusively(async () => {
      const name = await nameOf(`${path} ${token}`);
      if (await isUsed(name)) return undefined;
      const result = await use();
      remember(name);
      return result;
    });
  };
}

function isToCome(time: unknown): boolean {
  return Number(time) > Date.now();
}
