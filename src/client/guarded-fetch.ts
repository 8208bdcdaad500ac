import { end, isOver, type Refresh, type Session } from './refresh.js';
import type { StoredTokens } from './session-state.js';

/** Something to do around the sending of a request: by default nothing. */
export type Around = (send: () => Promise<Response>) => Promise<Response>;

export type GuardedFetch = (request: Request, around?: Around) => Promise<Response>;

/**
 * `fetch` for the server's own origin: adds the access token, and when that has run out refreshes and repeats the request once.
 *
 * `NO_ACCESS_TOKEN` is no reason to refresh: the access cookie outlives its token and goes only together with the refresh
 * cookie, so that nobody is logged in. `ACCESS_TOKEN_INVALID` is one, because a signing key may have been withdrawn.
 */
export function createGuardedFetch(
  session: Session,
  refresh: Refresh,
  fetch: typeof globalThis.fetch,
): GuardedFetch {
  const { bearer, read, exclusively } = session;

  function send(request: Request, { accessToken }: StoredTokens): Promise<Response> {
    if (!bearer) return fetch(new Request(request, { credentials: 'include' }));
    if (accessToken) request.headers.set('Authorization', `Bearer ${accessToken}`);
    return fetch(request);
  }

  return async function guardedFetch(request, around = (send) => send()) {
    const again = request.clone();
    let seen: StoredTokens = {};
    const response = await around(async () => send(request, (seen = await read())));
    const code = await codeOf(response);
    if (code === 'SESSION_REVOKED') {
      await exclusively(async () => {
        if ((await read()).login === seen.login) await end(session, code);
      });
    }
    if (!/^ACCESS_TOKEN_(EXPIRED|INVALID)$/.test(code)) return response;
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

/** The code of a 401, read from a copy. */
async function codeOf(response: Response): Promise<string> {
  if (response.status !== 401 || !/json/.test(response.headers.get('content-type') ?? '')) return '';
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  return String((body as { code?: unknown } | undefined)?.code);
}
