import { types } from 'node:util';

/** Primary result codes of SQLite (sqlite.org/rescode.html) by number. node:sqlite tells the number, better-sqlite3 the name. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'ERROR',
  5: 'BUSY',
  6: 'LOCKED',
  15: 'PROTOCOL',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  21: 'MISUSE',
  25: 'RANGE',
};
/** Another connection has a lock, or this one is still in use. It passes. */
const LOCKED: ReadonlySet<unknown> = new Set(['BUSY', 'LOCKED', 'PROTOCOL']);
/** Mistakes of the program. Every other code is trouble with the file, the disk or the memory. */
const MISTAKES: ReadonlySet<unknown> = new Set([
  'ERROR',
  'TOOBIG',
  'CONSTRAINT',
  'MISMATCH',
  'MISUSE',
  'RANGE',
]);
/** A row with the same key is there: extended result codes. */
const TAKEN: ReadonlySet<unknown> = new Set([
  ...[1555, 2067, 2579],
  ...['SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_ROWID'],
]);

/** What the drivers put into their errors. */
export interface SqliteError {
  readonly code?: unknown;
  readonly errcode?: unknown;
}

/** The primary result code without `SQLITE_`; a code that isn't in the table as its number. Undefined: not SQLite's error. */
export function sqliteCode(error: unknown): string | undefined {
  return types.isNativeError(error) ? codeOf(error as SqliteError) : undefined;
}

/** What an error of SQLite means. Undefined: not SQLite's error. */
export function kindOfSqliteError(error: SqliteError): 'taken' | 'locked' | 'mistake' | 'outage' | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  if (TAKEN.has(error.errcode) || TAKEN.has(error.code)) return 'taken';
  if (LOCKED.has(code)) return 'locked';
  return MISTAKES.has(code) ? 'mistake' : 'outage';
}

function codeOf({ code, errcode }: SqliteError): string | undefined {
  // The low byte is the primary code, the rest tells more: 517 is SQLITE_BUSY_SNAPSHOT.
  if (typeof errcode === 'number') return NAMES[errcode & 0xff] ?? String(errcode & 0xff);
  return typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined;
}

/** A lock of another connection, or a transaction that the app has open on this one. */
export function isLocked(error: unknown): boolean {
  return LOCKED.has(sqliteCode(error));
}

/** Trouble with the file, or a database that the app has closed. */
export function isOutage(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  const kind = kindOfSqliteError(error as SqliteError);
  return kind === undefined
    ? (error as NodeJS.ErrnoException).code === 'ERR_INVALID_STATE'
    : kind === 'outage';
}

/**
 * SQLite refuses the statement. As ours are right, the reason is the database: a table that isn't there, or a transaction that is
 * open.
 */
export function isError(error: unknown): boolean {
  return sqliteCode(error) === 'ERROR';
}
