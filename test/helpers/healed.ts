import { PATIENT, useCallTimes } from './call-times';
import { eventually } from './eventually';
import { startStopwatch } from './within';

/** What docs/reliability.md promises for each request. */
const LIMIT_MS = 2000;

/**
 * The end of an outage, in which calls wait for REAL times. Before and after it a busy machine may take its time. Until a call is
 * answered, each is rejected in time.
 */
export async function healed(call: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  await eventually('the store answers', () => {
    const elapsed = startStopwatch();
    return call()
      .then(() => true)
      .finally(() => times.push(elapsed()));
  });
  useCallTimes(PATIENT);
  expect(Math.max(...times)).toBeLessThan(LIMIT_MS);
}
