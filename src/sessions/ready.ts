import { setTimeout as sleep } from 'node:timers/promises';
import { isAuthError } from '../errors.js';
import { reasonOf } from '../utils/reason-of.js';
import { READY_TIMEOUT_MS, type Revocations } from './revocations.js';
import type { SessionConfig } from './session-config.js';

const RETRY_MS = 250;
const SAY_AFTER_MS = 1000;

/**
 * Waits for what a process has to know before it serves: which sessions have lately been revoked, and what time it is.
 * @throws AuthError SERVICE_UNAVAILABLE when the store can't be reached for 10 seconds
 */
export async function waitUntilReady(
  { timeKnown }: Pick<SessionConfig, 'timeKnown'>,
  revocations: Revocations,
  owner = 'auth',
): Promise<void> {
  const reason = () => revocations.staleness ?? 'its clock has not been read yet';
  await sayWhileWaiting('the store of sessions', untilReady(timeKnown, revocations), reason, owner);
}

/** Resolves or rejects as the promise does. If that takes more than a second, a warning says what `ready()` waits for. */
export async function sayWhileWaiting(
  what: string,
  awaited: Promise<void>,
  reason: () => unknown = () => 'it is not ready yet',
  owner = 'auth',
): Promise<void> {
  const timer = setTimeout(() => {
    process.emitWarning(
      `${owner}.ready() is waiting for ${what}: ${reasonOf(reason())}`,
      'PassportVisaWarning',
    );
  }, SAY_AFTER_MS);
  try {
    await awaited;
  } finally {
    clearTimeout(timer);
  }
}

async function untilReady(timeKnown: SessionConfig['timeKnown'], revocations: Revocations): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  await revocations.ready();
  await untilAvailable(timeKnown, deadline);
}

/**
 * Waits for the user store's database.
 * @throws what the store says is wrong with it; AuthError SERVICE_UNAVAILABLE when it can't be reached for 10 seconds
 */
export async function waitForUsers(ready: () => Promise<void>): Promise<void> {
  const reached = untilAvailable(ready, performance.now() + READY_TIMEOUT_MS);
  await sayWhileWaiting('the store of users', reached);
}

async function untilAvailable(work: () => Promise<void>, deadline: number): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAuthError(error, 'SERVICE_UNAVAILABLE') || performance.now() > deadline) throw error;
      await sleep(RETRY_MS);
    }
  }
}
