import { unlessAborted } from './abort.js';
import { isSessionOver, type Refresh } from './refresh.js';
import type { Session } from './session.js';
import type { StoredTokens } from './token-storage.js';

/** Sends a request, and does something before or after. */
export type SendWrapper = (send: () => Promise<Response>) => Promise<Response>;

export interface GuardedFetchOptions {
  /** Used for the request and for its repetition. May send each of them several times. */
  wrap?: SendWrapper | undefined;
  /** The caller's own signal. It aborts the wait for a refresh, but not the refresh, which others may share. */
  signal?: () => AbortSignal | null | undefined;
}

export type GuardedFetch = (request: Request, options?: GuardedFetchOptions) => Promise<Response>;

/**
 * The codes after which a refresh may help. They include every error of an access token, because a signing key may have been
 * withdrawn, and only `/refresh` decides whether the session is over. `NO_ACCESS_TOKEN` is not one of them: both tokens come and
 * go together, so without an access token there is no refresh token either.
 */
const REFRESHABLE = /^ACCESS_TOKEN_|^SESSION_REVOKED/;

/**
 * A `fetch` for the server's own origin. It adds the access token. If the server refuses the token, it refreshes and repeats the
 * request once.
 */
export function createGuardedFetch(session: Session, refresh: Refresh): GuardedFetch {
  function sendWithToken(
    original: Request,
    { accessToken }: StoredTokens,
    signal: AbortSignal | null | undefined,
  ): Promise<Response> {
    // Not every runtime removes the token when a request is redirected to another origin.
    const request = new Request(
      original,
      session.bearer ? { redirect: 'error' } : { credentials: 'include' },
    );
    if (session.bearer && accessToken) request.headers.set('Authorization', `Bearer ${accessToken}`);
    return session.send(request, signal);
  }

  return async function guardedFetch(request, { wrap, signal = () => undefined } = {}) {
    const repetition = request.clone();
    let seen: StoredTokens = {};
    const sendWrapped = (original: Request) => {
      const send = async () =>
        sendWithToken(wrap ? original.clone() : original, (seen = await session.read()), signal());
      return wrap ? wrap(send) : send();
    };
    const response = await sendWrapped(request);
    if (response.status !== 401 || !REFRESHABLE.test(await readCode(response))) return response;
    try {
      await unlessAborted(refresh(seen), signal());
    } catch (error) {
      if (isSessionOver(error)) return response;
      throw error;
    }
    // Another user may have logged in meanwhile. The request must not be repeated in their name.
    if ((await session.read()).login !== seen.login) return response;
    return sendWrapped(repetition);
  };
}

/** The `code` in the body, read from a copy. An answer that is not from this package's server has none. */
export async function readCode(response: Response): Promise<string> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return String((body as { code?: unknown } | null | undefined)?.code);
}
