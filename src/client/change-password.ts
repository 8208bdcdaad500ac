import { readAnswer, type AuthClientError } from './auth-client-error.js';
import type { AuthClient } from './auth-client.js';
import { randomKey } from './environment.js';
import type { SendWrapper } from './guarded-fetch.js';
import type { RequestOptions, Session } from './session.js';
import { whileLocked } from './while-locked.js';

/** How long a change waits after a lost answer, before it is sent again. */
const RETRY_MS = 250;

type Call = (
  method: string,
  path: string,
  body: object,
  wrap: SendWrapper,
  options: RequestOptions,
) => Promise<unknown>;

/**
 * Changes the password. Whether an attempt without an answer succeeded isn't known, so it is sent again with its
 * `Idempotency-Key`, at once and when the user tries again.
 */
export function createChangePassword(session: Session, call: Call): AuthClient['changePassword'] {
  /** The attempt that has no answer. Only in memory: it has both passwords. */
  let unanswered: { body: string; attempt: string } | undefined;

  return async function changePassword(change) {
    const body = JSON.stringify([change, (await session.read()).login]);
    const attempt = unanswered?.body === body ? unanswered.attempt : randomKey();
    const keepPair = async (response: Response) =>
      session.keep(await readAnswer(response), await session.read());
    try {
      await call('POST', '/password', change, whileLocked(session, keepPair, RETRY_MS), { attempt });
      unanswered = undefined;
    } catch (error) {
      unanswered = (error as AuthClientError).code === 'NETWORK_ERROR' ? { body, attempt } : undefined;
      throw error;
    }
  };
}
