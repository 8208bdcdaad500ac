import { isOver, type Refresh, type Session } from './refresh.js';
import type { StoredTokens } from './session-state.js';

/** Something to do around the sending of a request: by default nothing. */
export type Around = (send: () => Promise<Response>) => Promise<Response>;

export type GuardedFetch = (request: Request, around?: Around) => Promise<Response>;

/**
 * `NO_ACCESS_TOKEN` is no reason to refresh: both tokens come and go together, so that nobody is logged in. Each of the others is
 * one: a signing key may have been withdrawn, and it is for `/refresh` alone to say that a session is over.
 */
const REFRESHABLE = /^ACCESS_TOKEN_|^SESSION_REVOKED/;

/** `fetch` for the server's own origin: adds the access token, and when that is no good refreshes and repeats the request once. */
export function createGuardedFetch(
  session: Session,
  refresh: Refresh,
  fetch: typeof globalThis.fetch,
): GuardedFetch {
  const { bearer, read } = session;

  function send(original: Request, { accessToken }: StoredTokens): Promise<Response> {
    // Not every runtime takes the token off a request that is redirected to another origin.
    const request = new Request(original, bearer ? { redirect: 'error' } : { credentials: 'include' });
    if (bearer && accessToken) request.headers.set('Authorization', `Bearer ${accessToken}`);
    return fetch(request);
  }

  return async function guardedFetch(request, around = (send) => send()) {
    const again = request.clone();
    let seen: StoredTokens = {};
    const response = await around(async () => send(request, (seen = await read())));
    if (response.status !== 401 || !REFRESHABLE.test(await codeOf(response))) return response;
    try {
      await refresh(seen);
    } catch (error) {
      if (isOver(error)) return response;
      throw error;
    }
    // What one user has begun is never done in the name of the next.
    if ((await read()).login !== seen.login) return response;
    return around(async () => send(again, await read()));
  };
}

/** Read from a copy. What isn't ours has none. */
async function codeOf(response: Response): Promise<string> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return String((body as { code?: unknown } | null | undefined)?.code);
}
