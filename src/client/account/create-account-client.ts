import type { AuthClientError } from '../auth-client-error.js';
import type { AuthClient, AuthUser, Credentials } from '../auth-client.js';
import type {
  AccountClient,
  AccountClientOptions,
  ChallengeStorage,
  MailLoginRequest,
  UsedLink,
  UsedLoginLink,
} from './account-client.js';
import { createChallenges } from './challenges.js';
import { createSharedCalls } from '../shared-calls.js';
import { takeToken } from './take-token.js';
import { createUseOnce } from './use-once.js';

type LinkBody = { token: string };

/**
 * Makes the calls of the server's feature `emailAccount`. Logins by it are logins of `client`: its state changes, and its listeners
 * are called.
 * @param client what `createAuthClient` returns
 * @throws TypeError when `client` is something else, and for a wrong option
 */
export function createAccountClient(client: AuthClient, options: AccountClientOptions = {}): AccountClient {
  if (typeof client?.login !== 'function')
    throw new TypeError('createAccountClient(): client must be what createAuthClient() returns');
  const storage = checkedStorage(options);
  const bearer = client.transport === 'bearer';
  const challenges = createChallenges(bearer, storage);
  const useOnce = createUseOnce();
  const shared = createSharedCalls();

  const post = <Answer>(path: string, body: object) => client.call<Answer>('POST', path, body);
  const transport = { transport: bearer ? 'body' : 'cookie' };

  async function ask(path: string, body: object): Promise<void> {
    await post(path, body);
  }

  function open(path: string, body: LinkBody): Promise<UsedLink> {
    const use = () => post<object>(path, body);
    return shared(path, body, async () => ({ repeated: !(await useOnce(path, body.token, use)) }));
  }

  /** The server knows the transport from the request that asked for the mail. */
  function logIn(path: string, body: Credentials): Promise<AuthUser> {
    return client.login({ transport: undefined, ...body }, path);
  }

  function openLogin(path: string, body: LinkBody, use: () => Promise<AuthUser>): Promise<UsedLoginLink> {
    return shared(path, body, async () => {
      const user = await useOnce(path, body.token, use);
      return user ? { repeated: false, user } : { repeated: true, user: await whoIsLoggedIn(client) };
    });
  }

  async function askLogin(kind: 'link' | 'code', body: MailLoginRequest): Promise<void> {
    const answer = await post<{ challenge?: string }>(`/login/${kind}`, { ...body, ...transport });
    await challenges.keep(kind, answer.challenge);
  }

  async function answerLogin(kind: 'link' | 'code', body: object): Promise<AuthUser> {
    const challenge = await challenges.of(kind);
    const user = await logIn(`/login/${kind}/verify`, { ...body, ...(challenge && { challenge }) });
    await challenges.keep(kind, undefined);
    return user;
  }

  return {
    register: async (credentials) =>
      (await post<{ user?: AuthUser }>('/register', { ...credentials, ...transport })).user,
    verifyEmail: (link) =>
      openLogin('/email/verify', link, () => logIn('/email/verify', { ...transport, ...link })),
    resendVerification: (owner) => ask('/email/verify/resend', owner),
    forgotPassword: (owner) => ask('/password/forgot', owner),
    resetPassword: (reset) => open('/password/reset', reset),
    changeEmail: (owner) => ask('/email/change', owner),
    confirmEmailChange: (link) => open('/email/change/confirm', link),
    undoEmailChange: (link) => open('/email/change/undo', link),
    askLoginLink: (login) => askLogin('link', login),
    askLoginCode: (login) => askLogin('code', login),
    verifyLoginLink: (link) => openLogin('/login/link/verify', link, () => answerLogin('link', link)),
    verifyLoginCode: (code) => shared('/login/code/verify', code, () => answerLogin('code', code)),
    takeToken,
  };
}

function checkedStorage({ storage, ...unknown }: AccountClientOptions): ChallengeStorage | undefined {
  for (const name of Object.keys(unknown))
    throw new TypeError(`createAccountClient(): Unknown option ${name}: known is storage`);
  if (storage && !(typeof storage.get === 'function' && typeof storage.set === 'function'))
    throw new TypeError('createAccountClient(): storage must have the methods get and set');
  return storage;
}

/** For a link whose user was logged in by the first click. */
async function whoIsLoggedIn(client: AuthClient): Promise<AuthUser | undefined> {
  try {
    return await client.info();
  } catch (error) {
    if ((error as AuthClientError).status === 401) return undefined;
    throw error;
  }
}
