import { AuthClientError, readAnswer } from './auth-client-error.js';
import type { Changes } from './changes.js';
import { randomKey } from './environment.js';
import type { Exclusively } from './exclusive.js';
import type { StoredTokens, TokenStorage } from './session-state.js';

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
  /** Rejects with NETWORK_ERROR when there is no answer. */
  post: (path: string, body: object, init?: { headers?: object; signal?: AbortSignal }) => Promise<Response>;
}

export interface Refresh {
  /** Sees to it that the tokens are newer than those that were `seen`; parallel calls share one request. */
  (seen: StoredTokens): Promise<void>;
  /** Breaks off what is in flight: a login or a logout is about to make it pointless. */
  stop(): void;
}

/** Whether the server has said that the session is over; anything else may be better in a minute. */
export function isOver(error: unknown): error is AuthClientError {
  return (
    error instanceof AuthClientError &&
    error.status === 401 &&
    /REFRESH_TOKEN|SESSION_NOT_FOUND/.test(error.code)
  );
}

export function createRefresh(session: Session): Refresh {
  let controller = new AbortController();
  let flight: Promise<void> | undefined;
  let flightOf: string | undefined;

  async function run(seen: StoredTokens): Promise<void> {
    controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), LONGEST_REFRESH_MS);
    try {
      await refreshOnce(session, seen, controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }
  function refresh(seen: StoredTokens): Promise<void> {
    const of = `${seen.login} ${seen.round}`;
    if (!flight || flightOf !== of) {
      flightOf = of;
      const mine = session
        .exclusively(() => run(seen))
        .finally(() => {
          if (flight === mine) flight = undefined;
        });
      flight = mine;
    }
    return flight;
  }
  return Object.assign(refresh, { stop: () => controller.abort() });
}

async function refreshOnce(session: Session, seen: StoredTokens, signal: AbortSignal): Promise<void> {
  const { storage, read } = session;
  const state = await read();
  const { login } = state;
  const overtaken = async () => (await read()).login !== login;
  if (login !== seen.login || (session.bearer && !state.refreshToken)) throw loggedOut();
  if (state.round !== seen.round) return; // another tab was faster
  const attempt = state.attempt ?? randomKey();
  await storage.set({ ...state, attempt });
  try {
    const tokens = await exchange(session, { attempt, refreshToken: state.refreshToken, signal });
    if (await overtaken()) throw loggedOut();
    // One step for both: with the new pair in place, and no sooner, the key has done its work.
    await session.keep(tokens, state);
  } catch (error) {
    if (isOver(error) && !(await overtaken())) await end(session, error.code);
    throw error;
  }
}

/** Asks again while the server says 503: every try is the same attempt, so that none of them can fork the session. */
async function exchange({ post }: Session, { attempt, refreshToken, signal }: Attempt): Promise<TokenPair> {
  for (let left = TRIES - 1; ; left--) {
    try {
      const init = { headers: { 'Idempotency-Key': attempt }, signal };
      return await readAnswer(await post('/refresh', { refreshToken }, init));
    } catch (error) {
      const { status, retryAfterSeconds = 1 } = error as AuthClientError;
      if (status !== 503 || left === 0 || retryAfterSeconds > LONGEST_WAIT_SECONDS) throw error;
      await pause(retryAfterSeconds * 1000, signal);
    }
  }
}

interface Attempt {
  attempt: string;
  refreshToken: string | undefined;
  signal: AbortSignal;
}

/** To be called exclusively. */
export async function end({ storage, changes }: Session, code: string): Promise<void> {
  await storage.remove();
  changes.announce({ type: 'expired', code });
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
