import { withinTime } from './within-time.js';

/** Milliseconds. A silent store has taken half of the two seconds that a request has, and this may ask another one. */
const LEFT_MS = 500;

/**
 * Waits for what a request does when a store has failed it, but no longer than its time allows. That it fails is no news: the request
 * is answered with the first failure.
 */
export async function inTimeLeft(work: Promise<unknown>): Promise<void> {
  await withinTime(work, LEFT_MS, () => new Error('It takes too long')).catch(() => undefined);
}
