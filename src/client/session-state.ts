import { findLocalStorage, randomKey } from './environment.js';

/** What a client keeps of its session. JSON can carry it; keep it whole, unread and where nobody else can read it. */
export interface StoredTokens {
  accessToken?: string | undefined;
  refreshToken?: string | undefined;
  /** Another one for each login: a request of one never goes on as a request of the next. */
  login?: string | undefined;
  /** Counts refreshes, so that a tab sees that another was faster. */
  round?: number;
  /** `Idempotency-Key` of a refresh that has no answer yet. It must survive a reload, as the refresh token does. */
  attempt?: string;
}

/**
 * A place for tokens: memory, `localStorage`, the Keychain. In a browser it is taken to be shared by all tabs.
 * What it throws makes the call fail that needed it.
 */
export interface TokenStorage {
  get(): StoredTokens | null | undefined | Promise<StoredTokens | null | undefined>;
  /** Replaces everything, in one step. */
  set(tokens: StoredTokens): void | Promise<void>;
  remove(): void | Promise<void>;
}

export function createMemoryStorage(): TokenStorage {
  let kept: StoredTokens | undefined;
  return {
    get: () => kept,
    set(tokens) {
      kept = tokens;
    },
    remove() {
      kept = undefined;
    },
  };
}

/** Beside HttpOnly cookies: no token, only what tabs must know of each other's refreshes and logouts. */
export function createCookieCompanion(name: string): TokenStorage {
  const memory = createMemoryStorage();
  const shared = findLocalStorage();
  const companion: TokenStorage = {
    get: () => (shared ? (JSON.parse(shared.getItem(name) ?? '{}') as StoredTokens) : memory.get()),
    set(state) {
      try {
        if (shared) shared.setItem(name, JSON.stringify(state));
        else return memory.set(state);
      } catch {
        // It is full. The cookies are what counts: no more is lost than the help with a lost answer.
      }
    },
    // What was begun before the logout must see that it has been overtaken.
    remove: () => companion.set({ login: randomKey() }),
  };
  return companion;
}
