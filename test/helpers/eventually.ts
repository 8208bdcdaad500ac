import { setTimeout as sleep } from 'node:timers/promises';

/** Long, because it only decides when a test fails, and a busy machine may take its time. */
const TIMEOUT_MS = 60_000;
const INTERVAL_MS = 25;

/** Waits until a condition holds. As long as checking it fails, it doesn't hold yet. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  let failure: unknown;
  const holdsNow = () =>
    holds().catch((error: unknown) => {
      failure = error;
      return false;
    });
  while (!(await holdsNow())) {
    if (Date.now() > deadline) throw new Error(`It never happened: ${what}`, { cause: failure });
    await sleep(INTERVAL_MS);
  }
}
