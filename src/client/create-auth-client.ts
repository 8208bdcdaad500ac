import type { AuthClient, AuthClientOptions, AuthUser, DeviceSession, TokenUser } from './auth-client.js';
import { AuthClientError, networkError, readAnswer, UNEXPECTED } from './auth-client-error.js';
import { createChanges } from './changes.js';
import { findLocalStorage, randomKey } from './environment.js';
import { createExclusively } from './exclusive.js';
import { createGuardedFetch, type Around } from './guarded-fetch.js';
import { createRefresh, type SendOptions, type Session } from './refresh.js';
import { createStorage, type StoredTokens } from './session-state.js';

/** A client for the endpoints of `auth.router`, and a `fetch` that stays logged in. It does nothing until it is used. */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  const { transport = 'cookie', fetch = (...args) => globalThis.fetch(...args) } = options;
  const base = options.baseUrl.replace(/\/$/, '');
  const bearer = transport === 'bearer';
  const name = `passport-visa:${base}`;
  // What is kept in memory is no other tab's business; and in a server, clients are different people's.
  const shared = bearer && !options.storage ? undefined : findLocalStorage();
  const storage = (bearer && options.storage) || createStorage(name, shared);
  const session: Session = {
    bearer,
    storage,
    read: async () => (await storage.get()) ?? {},
    async keep({ accessToken, refreshToken }, { login, round = 0 }) {
      if (bearer && !(accessToken && refreshToken)) throw new AuthClientError(UNEXPECTED, 200);
      await storage.set({ ...(bearer && { accessToken, refreshToken }), login, round: round + 1 });
    },
    exclusively: createExclusively(name, shared !== undefined),
    changes: createChanges(name, shared !== undefined),
    post: async (path, body, options) =>
      readAnswer(await fetch(toServer('POST', path, body, options)).catch(networkError)),
  };
  const { changes, exclusively, keep, post, read } = session;
  const refresh = createRefresh(session);
  const guardedFetch = createGuardedFetch(session, refresh, fetch);

  /** A redirect could carry a password or a token elsewhere. */
  function toServer(
    method: string,
    path: string,
    body?: object,
    { attempt, signal }: SendOptions = {},
  ): Request {
    return new Request(base + path, {
      method,
      headers: { 'Content-Type': 'application/json', ...(attempt && { 'Idempotency-Key': attempt }) },
      redirect: 'error',
      credentials: bearer ? 'same-origin' : 'include',
      body: body ? JSON.stringify(body) : null,
      signal: signal ?? null,
    });
  }

  async function call<Answer>(
    method: string,
    path: string,
    body?: object,
    around?: Around,
    options?: SendOptions,
  ): Promise<Answer> {
    return readAnswer(await guardedFetch(toServer(method, path, body, options), around).catch(networkError));
  }

  /** Nothing else may change the tokens between the request and what its success means for them. */
  const settling =
    (settle: (response: Response) => Promise<void>, attempt?: string): Around =>
    (send) =>
      exclusively(async () => {
        if (attempt) await storage.set({ ...(await read()), attempt });
        const response = await send();
        if (response.ok) await settle(response.clone());
        return response;
      });

  async function forget(): Promise<void> {
    await storage.remove();
    changes.announce({ type: 'logout' });
  }

  return {
    onChange: changes.onChange,
    close: changes.close,
    async register(credentials) {
      return (await post<{ user: AuthUser }>('/register', credentials)).user;
    },
    login(credentials) {
      refresh.stop();
      return exclusively(async () => {
        const body = { ...credentials, ...(bearer && { transport: 'body' }) };
        const answer = await post<StoredTokens & { user: AuthUser }>('/login', body);
        await keep(answer, { login: randomKey() });
        changes.announce({ type: 'login', user: answer.user });
        return answer.user;
      });
    },
    logout() {
      refresh.stop();
      return exclusively(async () => {
        const { refreshToken } = await read();
        await post('/logout', { refreshToken });
        await forget();
      });
    },
    async logoutAll() {
      await call('POST', '/logout-all', {}, settling(forget));
    },
    async check() {
      try {
        return (await call<{ user: TokenUser }>('GET', '/check')).user;
      } catch (error) {
        const { code, status } = error as AuthClientError;
        if (status === 401 && code !== 'UNEXPECTED_RESPONSE') return null;
        throw error;
      }
    },
    info: async () => (await call<{ user: AuthUser }>('GET', '/info')).user,
    sessions: async () => (await call<{ sessions: DeviceSession[] }>('GET', '/sessions')).sessions,
    async endSession(id) {
      await call('DELETE', `/sessions/${encodeURIComponent(id)}`);
    },
    endOtherSessions: async () => (await call<{ ended: number }>('DELETE', '/sessions')).ended,
    async changePassword(change) {
      const state = await read();
      // The server remembers one key: an older attempt must have its answer first.
      if (state.attempt) await refresh(state);
      const attempt = randomKey();
      const keepPair = async (response: Response) => keep(await readAnswer(response), await read());
      await call('POST', '/password', change, settling(keepPair, attempt), { attempt });
    },
    async fetch(input, init) {
      const request = new Request(input, init);
      // Behind this slash no text can lead to another host.
      const origin = new Request(base).url.split('/', 3).join('/');
      return request.url.startsWith(`${origin}/`) ? guardedFetch(request) : fetch(request);
    },
    refresh: async () => refresh(await read()),
  };
}
