import type { BoundedPostgres } from './client.js';

/** A run deletes up to a hundred rows, or a thousand. One run in twenty calls is enough to keep up with the rows that expire. */
const PRUNE_CHANCE = 1 / 20;

/** In one of twenty calls, runs a statement that deletes expired rows. It isn't awaited, and a failure is ignored. */
export function pruneNowAndThen(postgres: BoundedPostgres, statement: string): void {
  if (Math.random() < PRUNE_CHANCE) postgres.query(statement).catch(() => undefined);
}
