import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 15_000;
const INTERVAL_MS = 25;

/** Waits until something holds that others bring about; what fails meanwhile doesn't hold yet. */
export async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let failure: unknown;
  const holdsNow = () =>
    holds().catch((error: unknown) => {
      failure = error;
      return false;
    });
  while (!(await holdsNow())) {
    if (Date.now() > deadline) throw new Error(`It never came to pass: ${what}`, { cause: failure });
    await sleep(INTERVAL_MS);
  }
}
