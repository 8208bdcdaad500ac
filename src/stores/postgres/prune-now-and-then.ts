import type { BoundedPostgres } from './client.js';

/** A pruning deletes a hundred rows or more, so one call in twenty is enough to shrink a table of expired rows. */
const PRUNE_CHANCE = 1 / 20;

/** Runs a statement that deletes expired rows, in one call of twenty. Not awaited, and a failure is ignored. */
export function pruneNowAndThen(postgres: BoundedPostgres, statement: string): void {
  if (Math.random() < PRUNE_CHANCE) postgres.query(statement).catch(() => undefined);
}
