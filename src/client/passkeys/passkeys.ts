import type { AuthClient, AuthUser } from '../auth-client.js';
import type { BrowserApi, BrowserCredential } from './browser-api.js';
import type { PasskeyClient, PasskeyLogin, PasskeyProof, RegisteredPasskey } from './passkey-client.js';

/** Challenges are good for five minutes. A list of passkeys that is open for longer gets a new one. */
const RENEW_MS = 270_000;

interface Challenge {
  challengeId?: string;
}

/**
 * Makes the calls of the server's feature `passkeys`. Logins by it are logins of `auth`: its state changes, and its listeners are called.
 * @param auth what `createAuthClient` returns
 * @throws TypeError when it is something else
 */
export function passkeys(auth: AuthClient): PasskeyClient {
  if (typeof auth?.login !== 'function')
    throw new TypeError('passkeys(): auth must be what createAuthClient() returns');
  const transport = auth.transport === 'bearer' ? { transport: 'body' } : {};
  const { navigator, PublicKeyCredential: api } = globalThis as unknown as BrowserApi;
  /** Browsers take one request at a time. */
  let waiting: AbortController | undefined;

  const begin = () => {
    waiting?.abort();
    return (waiting = new AbortController());
  };

  const optionsOf = <Options>(path: string, body?: object) =>
    auth.call<Options>('POST', `${path}/options`, { ...body, ...transport });

  async function ask(signal: AbortSignal, body?: object, autofill?: boolean): Promise<PasskeyProof> {
    const options = await optionsOf<Challenge>('/login/passkey', body);
    const found = await navigator.credentials.get({
      publicKey: api?.parseRequestOptionsFromJSON?.(options),
      signal,
      ...(autofill && { mediation: 'conditional' }),
    });
    return proofOf(found, options);
  }

  /** Until the user picks a passkey or logs in otherwise, or another method is called. */
  async function askByAutofill(body: object): Promise<PasskeyProof | undefined> {
    const own = begin();
    const { signal } = own;
    const unfollow = auth.onChange(({ type }) => type === 'login' && own.abort());
    try {
      if (!(await api?.isConditionalMediationAvailable?.())) return undefined;
      return await renewing(signal, (each) => ask(each, body, true));
    } finally {
      unfollow();
    }
  }

  async function login(details: PasskeyLogin & { autofill?: boolean } = {}): Promise<AuthUser | undefined> {
    const { autofill, remember, ...owner } = details;
    const proof = autofill ? await askByAutofill(owner) : await ask(begin().signal, owner);
    return proof && auth.login({ ...proof, ...(remember && { remember }) }, '/login/passkey');
  }

  return {
    supported: !!api && 'parseRequestOptionsFromJSON' in api,
    async register(details) {
      begin();
      const options = await optionsOf<Challenge>('/passkeys');
      const made = await navigator.credentials.create({
        publicKey: api?.parseCreationOptionsFromJSON?.(options),
        // Not before: for the options the server may have asked for a proof, which was a request of its own.
        signal: begin().signal,
      });
      return auth.call<RegisteredPasskey>('POST', '/passkeys', { ...proofOf(made, options), ...details });
    },
    login: login as PasskeyClient['login'],
    prove: (body) => ask(begin().signal, body),
    async remove(id) {
      await auth.call('DELETE', `/passkeys/${encodeURIComponent(id)}`);
      await signalRemoved(api, id, () => optionsOf<{ rpId: string }>('/login/passkey'));
    },
  };
}

/** Asks again before a challenge expires. @returns undefined when `signal` has aborted it */
async function renewing(
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<PasskeyProof>,
): Promise<PasskeyProof | undefined> {
  while (!signal.aborted) {
    const late = AbortSignal.timeout(RENEW_MS);
    try {
      return await ask(AbortSignal.any([signal, late]));
    } catch (error) {
      if (!signal.aborted && !late.aborted) throw error;
    }
  }
  return undefined;
}

/** The passkey is gone. If this fails, the browser only goes on offering it. */
async function signalRemoved(
  api: BrowserApi['PublicKeyCredential'],
  credentialId: string,
  options: () => Promise<{ rpId: string }>,
): Promise<void> {
  if (!api?.signalUnknownCredential) return;
  const asked = options().then(({ rpId }) => api.signalUnknownCredential?.({ rpId, credentialId }));
  await asked.catch(() => undefined);
}

function proofOf(credential: BrowserCredential, { challengeId }: Challenge): PasskeyProof {
  return { credential: credential.toJSON(), ...(challengeId && { challengeId }) };
}
