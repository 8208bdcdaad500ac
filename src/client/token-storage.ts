import { randomKey, type SharedStorage } from './environment.js';

/** The state of a client's session. A storage keeps it as it is, in JSON if it likes, where no one else can read it. */
export interface StoredTokens {
  accessToken?: string | undefined;
  refreshToken?: string | undefined;
  /** Random, a new one for each login. A request that began in one login is not continued in the next. */
  login?: string | undefined;
  /** The number of refreshes. It tells a tab that another tab has refreshed already. */
  round?: number;
  /** The `Idempotency-Key` of a request that has no answer yet. Like the refresh token it must survive a reload. */
  attempt?: string;
}

/**
 * A place for tokens: memory, `localStorage`, the Keychain. In a browser the client assumes that all tabs share it.
 * When it throws, the call that needed it rejects.
 */
export interface TokenStorage {
  /** Reads everything. @returns what was stored last; null or undefined when there is nothing */
  get(): StoredTokens | null | undefined | Promise<StoredTokens | null | undefined>;
  /** Replaces everything that is stored, in one step. */
  set(tokens: StoredTokens): void | Promise<void>;
  /** Deletes everything that is stored. */
  remove(): void | Promise<void>;
}

/**
 * Keeps a state in memory, or in `shared`, which is `localStorage`. A state in `localStorage` has no tokens, because they are in
 * HttpOnly cookies then. It only lets tabs see each other's refreshes and logouts. While `shared` can't be read or holds no state, this
 * tab goes on with its own.
 */
export function createStateStorage<State extends object>(key: string, shared?: SharedStorage) {
  let kept = {} as State;
  function set(state: State): void {
    kept = state;
    try {
      shared?.setItem(key, JSON.stringify(state));
    } catch {
      // The storage is full. The tokens are in cookies, so only the help with lost answers is missing.
    }
  }
  return {
    get(): State {
      try {
        const state = JSON.parse(shared?.getItem(key) ?? 'null') as unknown;
        return Object(state) === state ? (state as State) : kept;
      } catch {
        return kept; // blocked since the page was loaded, or an entry that someone else wrote
      }
    },
    set,
  };
}

/** The same for a session, which can be removed. */
export function createTokenStorage(key: string, shared?: SharedStorage): TokenStorage {
  const storage = createStateStorage<StoredTokens>(key, shared);
  // A new `login`, so requests that began before the logout notice it.
  return { ...storage, remove: () => storage.set({ login: randomKey() }) };
}
