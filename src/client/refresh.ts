import { AuthClientError } from './auth-client-error.js';
import { randomKey } from './environment.js';
import type { RequestOptions, Session, TokenPair } from './session.js';
import type { StoredTokens } from './token-storage.js';

/** The codes of a 401 that end the session. After any other failure a refresh may succeed later. */
const SESSION_OVER = /REFRESH_TOKEN|SESSION_NOT_FOUND/;
const MAX_RETRIES = 2;
const MAX_WAIT_SECONDS = 10;
/** Then the refresh is aborted. Until then other calls and other tabs wait for it. */
const MAX_REFRESH_MS = 30_000;

/** Replaces the tokens, unless they are newer than those that were `seen`. Parallel calls share one request. */
export type Refresh = (seen: StoredTokens) => Promise<void>;

/** Whether the server reported that the session is over. */
export function isSessionOver(error: unknown): error is AuthClientError {
  return error instanceof AuthClientError && error.status === 401 && SESSION_OVER.test(error.code);
}

export function createRefresh(session: Session): { refresh: Refresh; stop: () => void } {
  let controller = new AbortController();
  const pending = new Map<string, Promise<void>>();

  function run(seen: StoredTokens): Promise<void> {
    controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), MAX_REFRESH_MS);
    return refreshOnce(session, seen, controller.signal).finally(() => clearTimeout(timer));
  }
  function refresh(seen: StoredTokens): Promise<void> {
    const tokens = `${seen.login} ${seen.round}`;
    const running =
      pending.get(tokens) ?? session.exclusively(() => run(seen)).finally(() => pending.delete(tokens));
    pending.set(tokens, running);
    return running;
  }
  return { refresh, stop: () => controller.abort() };
}

async function refreshOnce(session: Session, seen: StoredTokens, signal: AbortSignal): Promise<void> {
  const state = await session.read();
  const { login } = state;
  if (login !== seen.login || (session.bearer && !state.refreshToken)) throw notLoggedIn();
  if (state.round !== seen.round) return; // another tab has refreshed already
  const attempt = state.attempt ?? randomKey();
  await session.storage.set({ ...state, attempt });
  const answer = requestNewTokens(session.post, { refreshToken: state.refreshToken }, { attempt, signal });
  await answer.catch(() => undefined); // used below, unless another login or refresh came first
  const latest = await session.read();
  if (latest.login !== login) throw notLoggedIn();
  if (latest.round !== state.round) return; // without locks another tab may have refreshed meanwhile
  try {
    // Stores the new tokens and drops the `Idempotency-Key` in one step. Until then a retry needs the key.
    await session.keep(await answer, state);
  } catch (error) {
    if (isSessionOver(error)) {
      await session.storage.remove();
      session.changes.announce({ type: 'expired', code: error.code });
    }
    throw error;
  }
}

/**
 * Tries again while the server answers 503. All tries have the same `Idempotency-Key`, so none of them can make a second pair of
 * tokens.
 */
async function requestNewTokens(
  post: Session['post'],
  body: object,
  options: Required<RequestOptions>,
): Promise<TokenPair> {
  for (let retriesLeft = MAX_RETRIES; ; retriesLeft--) {
    try {
      return await post('/refresh', body, options);
    } catch (error) {
      const { status, retryAfterSeconds = 1 } = error as AuthClientError;
      if (status !== 503 || !retriesLeft || retryAfterSeconds > MAX_WAIT_SECONDS) throw error;
      await pause(retryAfterSeconds * 1000, options.signal);
    }
  }
}

function notLoggedIn(): AuthClientError {
  return new AuthClientError({ code: 'NO_REFRESH_TOKEN' }, 401);
}

export function pause(milliseconds: number, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    if (signal) signal.onabort = resolve;
  });
}
