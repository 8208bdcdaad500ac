/** SQLSTATEs of PostgreSQL, for all stores. */

/** Classes of errors that pass: connection, conflict, resources, lock, operator, system. */
const OUTAGE_CLASSES: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58']);
/** A standby that has not been promoted yet; transactions that the server has ended because of their time. */
const OUTAGES: ReadonlySet<string> = new Set(['25006', '25P03', '25P04']);

/**
 * A deadlock, or a conflict with a parallel statement. Conflicts come where the app has made its transactions stricter than
 * PostgreSQL's default, READ COMMITTED.
 */
export const ROLLED_BACK: ReadonlySet<unknown> = new Set(['40001', '40P01']);
/** No such table, or no such column. */
export const SCHEMA_FAULTS: ReadonlySet<unknown> = new Set(['42P01', '42703']);
/** Texts that the encoding of the database doesn't know, such as Korean ones in LATIN1. */
export const UNFIT_STATES: ReadonlySet<unknown> = new Set(['22P05', '22021']);
export const UNIQUE_VIOLATION = '23505';

export function isOutageState(state: string): boolean {
  return OUTAGE_CLASSES.has(state.slice(0, 2)) || OUTAGES.has(state);
}
