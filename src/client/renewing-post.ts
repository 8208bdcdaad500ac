import { readAnswer, type AuthClientError } from './auth-client-error.js';
import { randomKey } from './environment.js';
import type { SendWrapper } from './guarded-fetch.js';
import type { RequestOptions, Session } from './session.js';
import { whileLocked } from './while-locked.js';

/** How long a request waits after a lost answer, before it is sent again. */
const RETRY_MS = 250;

type Call = (
  method: string,
  path: string,
  body: object,
  wrap: SendWrapper,
  options: RequestOptions,
) => Promise<unknown>;

export type CreateRenewingPost = typeof createRenewingPost;

/** Posts to an endpoint that answers with new tokens for the session, and keeps them. */
export type RenewingPost = (path: string, body: object) => Promise<void>;

/**
 * Whether an attempt without an answer succeeded isn't known, so it is sent again with its `Idempotency-Key`, at once and when the user
 * tries again.
 */
export function createRenewingPost(session: Session, call: Call): RenewingPost {
  /** The attempt that has no answer. Only in memory: it has passwords. */
  let unanswered: { request: string; attempt: string } | undefined;

  return async function renewingPost(path, body) {
    const request = JSON.stringify([path, body, (await session.read()).login]);
    const attempt = unanswered?.request === request ? unanswered.attempt : randomKey();
    const keepPair = async (response: Response) =>
      session.keep(await readAnswer(response), await session.read());
    try {
      await call('POST', path, body, whileLocked(session, keepPair, RETRY_MS), { attempt });
      unanswered = undefined;
    } catch (error) {
      unanswered = (error as AuthClientError).code === 'NETWORK_ERROR' ? { request, attempt } : undefined;
      throw error;
    }
  };
}
