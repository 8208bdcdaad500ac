import { AuthClientError } from './auth-client-error.js';
import type { Changes } from './changes.js';
import { randomKey } from './environment.js';
import type { Exclusively } from './exclusive.js';
import type { StoredTokens, TokenStorage } from './session-state.js';

const DEFINITIVE = /REFRESH_TOKEN|SESSION_NOT_FOUND/;
const TRIES = 3;
const LONGEST_WAIT_SECONDS = 10;
/** How long other calls, and other tabs, are kept waiting at most. */
const LONGEST_REFRESH_MS = 30_000;

export type TokenPair = Pick<StoredTokens, 'accessToken' | 'refreshToken'>;

export interface Session {
  bearer: boolean;
  storage: TokenStorage;
  exclusively: Exclusively;
  changes: Changes;
  read: () => Promise<StoredTokens>;
  /** Stores what an answer brought, for the same login. The browser sees to cookies itself. */
  keep: (answer: TokenPair, state: StoredTokens) => Promise<void>;
  post: <Answer>(path: string, body: object, options?: SendOptions) => Promise<Answer>;
}

export interface SendOptions {
  /** The `Idempotency-Key`. */
  attempt?: string;
  signal?: AbortSignal;
}

export interface Refresh {
  /** Sees to it that the tokens are newer than those that were `seen`; parallel calls share one request. */
  (seen: StoredTokens): Promise<void>;
  /** Breaks off what is in flight: a login or a logout is about to make it pointless. */
  stop(): void;
}

/** Whether the server has said that the session is over; anything else may be better in a minute. */
export function isOver(error: unknown): error is AuthClientError {
  return error instanceof AuthClientError && error.status === 401 && DEFINITIVE.test(error.code);
}

export function createRefresh(session: Session): Refresh {
  let controller = new AbortController();
  const flights = new Map<string, Promise<void>>();

  function run(seen: StoredTokens): Promise<void> {
    controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), LONGEST_REFRESH_MS);
    return refreshOnce(session, seen, controller.signal).finally(() => clearTimeout(timer));
  }
  function refresh(seen: StoredTokens): Promise<void> {
    const tokens = `${seen.login} ${seen.round}`;
    const flight =
      flights.get(tokens) ?? session.exclusively(() => run(seen)).finally(() => flights.delete(tokens));
    flights.set(tokens, flight);
    return flight;
  }
  return Object.assign(refresh, { stop: () => controller.abort() });
}

async function refreshOnce(session: Session, seen: StoredTokens, signal: AbortSignal): Promise<void> {
  const { storage, read } = session;
  const state = await read();
  const { login } = state;
  if (login !== seen.login || (session.bearer && !state.refreshToken)) throw loggedOut();
  if (state.round !== seen.round) return; // another tab was faster
  const attempt = state.attempt ?? randomKey();
  await storage.set({ ...state, attempt });
  const answer = exchange(session.post, { refreshToken: state.refreshToken }, { attempt, signal });
  await answer.catch(() => undefined);
  const now = await read();
  if (now.login !== login) throw loggedOut();
  if (now.round !== state.round) return; // without locks, another tab may have been faster even so
  try {
    // One step for both: with the new pair in place, and no sooner, the key has done its work.
    await session.keep(await answer, state);
  } catch (error) {
    if (isOver(error)) {
      await storage.remove();
      session.changes.announce({ type: 'expired', code: error.code });
    }
    throw error;
  }
}

/** Asks again while the server says 503: every try is the same attempt, so that none of them can fork the session. */
async function exchange(
  post: Session['post'],
  body: object,
  options: Required<SendOptions>,
): Promise<TokenPair> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await post('/refresh', body, options);
    } catch (error) {
      const { status, retryAfterSeconds = 1 } = error as AuthClientError;
      if (status !== 503 || left === 0 || retryAfterSeconds > LONGEST_WAIT_SECONDS) throw error;
      await pause(retryAfterSeconds * 1000, options.signal);
    }
  }
}

function loggedOut(): AuthClientError {
  return new AuthClientError({ code: 'NO_REFRESH_TOKEN' }, 401);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.onabort = resolve;
  });
}
