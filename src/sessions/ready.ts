import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthConfig } from '../config/auth-config.js';
import { isAuthError } from '../errors.js';
import { READY_TIMEOUT_MS, type Revocations } from './revocations.js';

const RETRY_MS = 250;

/**
 * Waits for what a process has to know before it serves: which sessions have lately been revoked, and what time it is.
 * @throws AuthError SERVICE_UNAVAILABLE when the store stays out of reach
 */
export async function untilReady({ timeKnown }: AuthConfig, revocations: Revocations): Promise<void> {
  const patientUntil = performance.now() + READY_TIMEOUT_MS;
  await revocations.ready();
  for (;;) {
    try {
      return await timeKnown();
    } catch (error) {
      if (!isAuthError(error, 'SERVICE_UNAVAILABLE') || performance.now() > patientUntil) throw error;
      await sleep(RETRY_MS);
    }
  }
}
