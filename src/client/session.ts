import { AuthClientError, readAnswer, UNEXPECTED } from './auth-client-error.js';
import type { AuthClientOptions } from './auth-client.js';
import { createChanges, type Changes } from './changes.js';
import { checkPath } from './check-options.js';
import { findLocalStorage } from './environment.js';
import { createExclusively, type Exclusively } from './exclusive.js';
import { createTokenStorage, type StoredTokens, type TokenStorage } from './token-storage.js';

/** What all parts of a client share. */
export interface Session {
  /** `baseUrl` without a slash at its end. */
  base: string;
  /** Whether the client carries the tokens itself. Otherwise they are in cookies, which the browser manages. */
  bearer: boolean;
  storage: TokenStorage;
  exclusively: Exclusively;
  /** The name of its lock, where all tabs share the tokens. */
  lock: string | undefined;
  changes: Changes;
  /** Reads the state from the storage: an empty object when there is none. */
  read: () => Promise<StoredTokens>;
  /** Stores the tokens of an answer, which belong to the same login as `state`. */
  keep: (answer: TokenPair, state: StoredTokens) => Promise<void>;
  /**
   * Sends a request as it is, without an access token.
   * @param signal the very signal that may abort it. `fetch` gets it too: in Node 20 the signal of a Request that was made from another
   *   Request is lost when the first one is garbage collected
   */
  send: (request: Request, signal?: AbortSignal | null) => Promise<Response>;
  /** Makes a request to an endpoint. @param path relative to `base`, with a slash before it */
  request: (method: string, path: string, body?: object, options?: RequestOptions) => Request;
  /** Sends a POST request without an access token. @throws AuthClientError */
  post: <Answer>(path: string, body: object, options?: RequestOptions) => Promise<Answer>;
}

export type TokenPair = Pick<StoredTokens, 'accessToken' | 'refreshToken'>;

export interface RequestOptions {
  /** The `Idempotency-Key`. */
  attempt?: string;
  signal?: AbortSignal;
}

export function createSession({
  baseUrl,
  transport,
  storage: ownStorage,
  fetch,
}: AuthClientOptions): Session {
  const base = baseUrl.replace(/\/$/, '');
  const bearer = transport === 'bearer';
  const name = `passport-visa:${base}`;
  // Tokens in memory are not shared with other tabs, and on a server each client may belong to another person.
  const shared = bearer && !ownStorage ? undefined : findLocalStorage();
  const storage = (bearer && ownStorage) || createTokenStorage(name, shared);
  const send: Session['send'] = (request, signal) =>
    (fetch ?? globalThis.fetch)(request, signal ? { signal } : undefined);

  function request(
    method: string,
    path: string,
    body?: object,
    { attempt, signal }: RequestOptions = {},
  ): Request {
    checkPath(path);
    return new Request(base + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(attempt && { 'Idempotency-Key': attempt }) },
      redirect: 'error', // a redirect could carry a password or a token elsewhere
      credentials: bearer ? 'same-origin' : 'include',
      body: JSON.stringify(body), // undefined without a body
      signal: signal ?? null,
    });
  }

  return {
    base,
    bearer,
    storage,
    exclusively: createExclusively(name, !!shared),
    lock: shared && name,
    changes: createChanges(name, !!shared),
    read: async () => (await storage.get()) ?? {},
    async keep({ accessToken, refreshToken }, { login, round = 0 }) {
      if (bearer && !(accessToken && refreshToken)) throw new AuthClientError(UNEXPECTED, 200);
      await storage.set({ ...(bearer && { accessToken, refreshToken }), login, round: round + 1 });
    },
    send,
    request,
    post: async (path, body, options) =>
      readAnswer(send(request('POST', path, body, options), options?.signal)),
  };
}
