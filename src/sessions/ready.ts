import { setTimeout as sleep } from 'node:timers/promises';
import { isAuthError } from '../errors.js';
import { READY_TIMEOUT_MS, type Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';

const RETRY_MS = 250;

/**
 * Waits for what a process has to know before it serves: which sessions have lately been revoked, and what time it is.
 * @throws AuthError SERVICE_UNAVAILABLE when the store can't be reached for 10 seconds
 */
export async function waitUntilReady(
  { timeKnown }: Pick<SessionConfig, 'timeKnown'>,
  revocations: Revocations,
): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  await revocations.ready();
  for (;;) {
    try {
      return await timeKnown();
    } catch (error) {
      if (!isAuthError(error, 'SERVICE_UNAVAILABLE') || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}
