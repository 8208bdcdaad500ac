import type {
  AuthClient,
  AuthClientOptions,
  AuthUser,
  Credentials,
  DeviceSession,
  TokenUser,
} from './auth-client.js';
import { readAnswer, type AuthClientError } from './auth-client-error.js';
import { checkOptions } from './check-options.js';
import { randomKey } from './environment.js';
import type { FetchWrapper } from './fetch-wrapper.js';
import { createGuardedFetch, type GuardedFetch, type SendWrapper } from './guarded-fetch.js';
import { createRefresh } from './refresh.js';
import { createRenewingPost } from './renewing-post.js';
import { createSession, type RequestOptions, type Session, type TokenPair } from './session.js';
import { whileLocked } from './while-locked.js';

/**
 * Makes a client for the endpoints of `auth.router`, with a `fetch` that stays logged in. It sends nothing until you call a
 * method.
 * @throws TypeError that names the option, and says what it must be
 */
export function createAuthClient(options: AuthClientOptions): AuthClient {
  checkOptions(options);
  const session = createSession(options);
  const { refresh, stop } = createRefresh(session);
  const { onChange, close } = session.changes;
  const refreshingFetch = createGuardedFetch(session, refresh);
  const stepUp = options.reauthenticate as FetchWrapper | undefined;
  const guardedFetch = stepUp?.around(session, refreshingFetch, createRenewingPost) ?? refreshingFetch;
  const renewingPost = createRenewingPost(session, call);

  async function call<Answer>(
    method: string,
    path: string,
    body?: object,
    wrap?: SendWrapper,
    options?: RequestOptions,
  ): Promise<Answer> {
    return readAnswer(guardedFetch(session.request(method, path, body, options), { wrap }));
  }

  return {
    transport: options.transport ?? 'cookie',
    onChange,
    close,
    register: async (credentials) => (await session.post<{ user: AuthUser }>('/register', credentials)).user,
    call,
    login(credentials, path = '/login') {
      stop();
      return session.exclusively(() => login(session, path, credentials));
    },
    logout() {
      stop();
      return session.exclusively(async () => {
        const { refreshToken } = await session.read();
        await session.post('/logout', { refreshToken });
        await forget(session);
      });
    },
    async logoutAll() {
      const forgetTokens = () => forget(session);
      await call('POST', '/logout-all', {}, whileLocked(session, forgetTokens));
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
    changePassword: (change) => renewingPost('/password', change),
    fetch: createFetch(session, guardedFetch),
    refresh: async () => refresh(await session.read()),
  };
}

/** Its requests to the server's own origin are guarded, and all others are sent as they are. */
function createFetch(session: Session, guardedFetch: GuardedFetch): typeof fetch {
  return async (input, init) => {
    const target = new Request(input, init);
    // A function, to keep `input` from being garbage collected. In Node 20 that would cut its signal off.
    const signal = () => (init?.signal === undefined ? (input as Partial<Request>).signal : init.signal);
    // It ends with a slash, so no URL of another host begins with it.
    const origin = new Request(session.base).url.split('/', 3).join('/') + '/';
    return target.url.startsWith(origin) ? guardedFetch(target, { signal }) : session.send(target, signal());
  };
}

interface LoginAnswer extends TokenPair {
  user: AuthUser;
  /** The user must enrol a second factor first. */
  enrol?: true;
}

async function login(session: Session, path: string, credentials: Credentials): Promise<AuthUser> {
  const answer = await session.post<LoginAnswer>(path, {
    ...(session.bearer && { transport: 'body' }),
    ...credentials,
  });
  const { user, enrol } = answer;
  if (enrol) user.enrol = enrol;
  await session.keep(answer, { login: randomKey() });
  session.changes.announce({ type: 'login', user });
  return user;
}

async function forget(session: Session): Promise<void> {
  await session.storage.remove();
  session.changes.announce({ type: 'logout' });
}
