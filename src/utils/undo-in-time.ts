import { withinTime } from './within-time.js';

/** Milliseconds. A silent store has taken half of the two seconds that a request has, and the undoing may ask another one. */
const UNDO_MS = 500;

/** Waits until something is undone, but no longer than the request has time for. That it fails is no news: the store is down. */
export async function undoInTime(undoing: Promise<unknown>): Promise<void> {
  await withinTime(undoing, UNDO_MS, () => new Error('It takes too long')).catch(() => undefined);
}
