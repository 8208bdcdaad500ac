import { randomKey, type SharedStorage } from './environment.js';

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
  /** Nothing kept: null or undefined. */
  get(): StoredTokens | null | undefined | Promise<StoredTokens | null | undefined>;
  /** Replaces everything, in one step. */
  set(tokens: StoredTokens): void | Promise<void>;
  /** Forgets everything. */
  remove(): void | Promise<void>;
}

/**
 * In memory; or in `localStorage`, for what tabs must know of each other's refreshes and logouts beside HttpOnly cookies: it never
 * gets a token.
 */
export function createStorage(key: string, shared?: SharedStorage): TokenStorage {
  let kept: StoredTokens = {};
  function set(state: StoredTokens): void {
    kept = state;
    try {
      shared?.setItem(key, JSON.stringify(state));
    } catch {
      // It is full. The cookies are what counts: no more is lost than the help with a lost answer.
    }
  }
  return {
    get: () => (shared ? (JSON.parse(shared.getItem(key) ?? '{}') as StoredTokens) : kept),
    set,
    // What was begun before the logout must see that it has been overtaken.
    remove: () => set({ login: randomKey() }),
  };
}
